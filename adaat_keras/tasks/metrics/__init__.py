"""Streaming metrics, one object a task; `result()` is a dictionary that Keras logs flat."""

from adaat_keras.tasks.metrics.depth_metrics import DepthMetrics
from adaat_keras.tasks.metrics.normals_metrics import NormalsMetrics
from adaat_keras.tasks.metrics.segmentation_metrics import SegmentationMetrics

__all__ = ["DepthMetrics", "NormalsMetrics", "SegmentationMetrics"]
