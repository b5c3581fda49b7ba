"""A street canyon ray-caster in NumPy: RGB, metric depth and 11 classes, with no asset at all.

- `layout.py`: where the camera is and what stands in the street (`LAYOUTS`).
- `look.py`: colours, light, air and sensor (`LOOKS`); never changes a label.
- `palettes.py`: the colours of every material, for the looks.
- `variants.py`: the embedded domains, each the name of a layout and of a look.
- `classes.py`: the numbers of the 11 classes.
- `shapes.py`: boxes, ellipsoids, cylinders and convex solids that rays can hit.
- `solid.py`: a shape with its class, its material and its random tint.
- `camera.py`: rays of a frame, projection, the window that a shape covers on the screen.
- `scene.py`: the whole street, from the builders below.
- `blocks.py`, `furniture.py`, `plants.py`, `vehicles.py`, `persons.py`: what stands in it.
- `noise.py`: a smooth random pattern that textures look up.
- `patch.py`: the visible points of one solid, and what textures have in common.
- `facade.py`: the colour of a house at a point.
- `textures.py`: the colour of every other material at a point.
- `light.py`: sun, sky light and shadows.
- `sky.py`: the sky's colour by direction.
- `sensor.py`: what lens and sensor do to the picture.
- `render.py`: one frame from a seed.
- `frames.py`: seeds of the splits, and frames in batches for worker processes.
"""
