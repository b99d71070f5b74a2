"""A Space: drop a photograph, get it in color. Needs gradio, and tinct."""

import gradio as gr

from tinct import Colorizer, TinctError

colorizer = Colorizer()


def color(photo, variant, vividness):
    if photo is None:
        return None
    try:
        found = colorizer.colorize(photo, variants=max(2, int(variant)), vividness=vividness)
    except TinctError as error:
        raise gr.Error(str(error)) from error
    return photo, found[int(variant) - 1].to_pil()


page = gr.Interface(
    color,
    inputs=[
        gr.Image(type="filepath", label="A black-and-white photograph"),
        gr.Slider(1, 8, 1, step=1, label="Variant (1 is the automatic one)"),
        gr.Slider(0, 1, 0.5, label="Vividness"),
    ],
    outputs=gr.ImageSlider(label="Gray and color"),
    title="tinct",
    flagging_mode="never",
)

if __name__ == "__main__":
    page.launch()
