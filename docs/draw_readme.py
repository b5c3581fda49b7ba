"""Draws the README's picture, image, prediction and truth: `python docs/draw_readme.py`."""

from adaat_keras import load, tasks
from adaat_keras.domains import Streets
from adaat_keras.report.figures import draw_panels

OUT = "docs/pictures/readme.png"
FRAMES = (12, 47, 88)


def main():
    model = load("streets_depth_to_semantic_small")
    task, frames = tasks.get(model.to_task), Streets("streets_real", "test")
    rows = []
    for index in FRAMES:
        frame = frames[index]
        labels = task.decode(model.predict(frame["image"][None], verbose=0)[0])
        rows.append([frame["image"], task.colorize(labels), task.colorize(frame["semantic"])])
    draw_panels(rows, ["image", "prediction", "truth"], OUT, legend=task.legend)


if __name__ == "__main__":
    main()
