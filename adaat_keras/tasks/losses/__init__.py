"""Task losses, each in units of ignorance: 1 is what the best constant guess scores."""

from adaat_keras.tasks.losses.depth_loss import DepthLoss
from adaat_keras.tasks.losses.normals_loss import NormalsLoss
from adaat_keras.tasks.losses.semantic_loss import SemanticLoss

__all__ = ["DepthLoss", "NormalsLoss", "SemanticLoss"]
