"""A page on this machine that shows what a model sees in a picture: `adaat-keras demo`.

- `view`: the pictures, without any page.
- `page`: the page, by Gradio, the extra `[demo]`.
"""
