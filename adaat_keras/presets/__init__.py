"""Pretrained models by name, folder or address.

- `load`: the model of a preset.
- `list_presets`: the presets that come with the package.
- `is_run`: the folder of a run, which `load` takes too; `built_from`: the options of its networks.
- `find_preset`: the folder of a preset, fetched if it is elsewhere; `fetch_preset` does.
- `load_matching`: as many of a preset's weights as fit another model.
- `manifest`: what `weights/manifest.json` says of each preset.
- `publish`: a model as a preset among others, in a `new_place`, with its `model_card` and its
  entry in the manifest; `address_of`, `evaluate_command`: how it is called from there.

The files themselves are `adaat_keras.models.preset_format`'s; `model.save_to_preset(folder)` writes
them.
"""

from adaat_keras.presets.list_presets import list_presets
from adaat_keras.presets.load import load

__all__ = ["list_presets", "load"]
