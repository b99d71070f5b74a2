"""A Hugging Face Space: drop a photograph, get it in color. Needs gradio and tinct."""

from pathlib import Path

import gradio as gr

from tinct import Colorizer, Edit, Photo, TinctError

HOUR = 3600  # seconds
DEFAULT = Edit()
colorizer = Colorizer()


def color(photo, variant, vividness):
    """Paths of the gray and the colored photograph, both JPEG at full size and with the photograph's own metadata."""
    if photo is None:
        raise gr.Error("Drop a photograph first.", print_exception=False)
    beside = Path(photo)  # in a folder that gradio made for this upload only
    try:
        canvas = colorizer.canvas(Photo.open(beside, name=beside.name))
        gray = canvas.colorize(strength=0)
        found = canvas.colorize(variant=int(variant), vividness=vividness)
        before = gray.save(beside.with_name(f"{beside.stem}.gray.jpg"), overwrite=True)
        after = found.save(beside.with_name(f"{beside.stem}.color-{int(variant)}-{vividness:g}.jpg"), overwrite=True)
    except TinctError as error:
        raise gr.Error(str(error), print_exception=False) from error
    return str(before), str(after)


page = gr.Interface(
    color,
    inputs=[
        gr.Image(type="filepath", image_mode=None, sources=["upload", "clipboard"], label="A black-and-white photograph"),
        gr.Slider(1, 8, DEFAULT.variant, step=1, label="Variant (1 is the automatic one)"),
        gr.Slider(0, 1, DEFAULT.vividness, label="Vividness"),
    ],
    outputs=gr.ImageSlider(label="Gray and color"),
    title="tinct",
    flagging_mode="never",
    delete_cache=(HOUR // 6, HOUR),  # files are deleted after an hour
)

if __name__ == "__main__":
    page.launch()
