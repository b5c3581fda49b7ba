"""How the four data sets store what they know, and how to read it; one public name a file.

- Decoders, in graph operations: `read_png`, `map_classes`, `packed_depth`, `disparity_depth`,
  `kitti_depth`, and `depth_normals` of dense depth.
- Facts: `class_map` (label ids to the 11 classes), `png_kind` (pixel formats).
- Small files: `png_header`, `cityscapes_camera`, `kitti_calibration`; `camera` is what the last
  two give.
- What the loaders share: `folder_domain`, `disparity_domain`, `check_root`, and `label_variant`,
  which finds labels that are read by the wrong ids.
- What `adaat-keras data check` prints: `check_splits`, from the counts of `survey`.
- `writers/`: the embedded streets in these formats.

Nothing is imported here, since the processes that write the streets need no TensorFlow.
"""
