"""The starting cells of the projects: what a lesson shows, and tests run as it stands."""

IMPORTS = """
import tempfile
from dataclasses import replace
from pathlib import Path

import torch
from IPython.display import Markdown
from PIL import Image

from course_utils import (
    checkpoints,
    data,
    detr_runs,
    leaderboard,
    plots,
    project_runs,
    projects,
    scene_figures,
    scenes,
)
from course_utils.own_images import own_images
from course_utils.training import Recipe, classification, fit, grey

train_set, test_set = data.fashion_mnist(10_000, 10_000)
"""

PARTS = """
from course_utils.models.attention import (
    MultiHeadAttention,
    attention,
    merge_heads,
    split_heads,
)
from course_utils.models.conv import count_macs, count_parameters
from course_utils.models.patches import patchify, unpatchify
from course_utils.models.replaceable import UnplacedViT, block_with
from course_utils.models.vit import VisionTransformer
from course_utils.vit_runs import small_vit
"""

RECIPE = """
def build():
    return small_vit()  # stays as it is: only the training is yours


STEPS = 5  # 1300 for an entry
recipe = Recipe(STEPS, lr=4e-3, schedule="cosine", decay_all=False)  # lesson 06's
torch.manual_seed(0)
model = build()
loss = classification(model, train_set, recipe.batch)  # also: augment, mix
history = fit(model, loss, recipe)
print(projects.goal("recipe"))
assert len(history.losses) == STEPS
"""

LINEAR = """
class MyLinearAttention(MultiHeadAttention):
    def forward(self, tokens, mask=None):
        project = self.query, self.key, self.value
        q, k, v = (split_heads(layer(tokens), self.heads) for layer in project)
        mixed = attention(q, k, v)  # yours: without the N x N weights
        return self.out(merge_heads(mixed))


def build():
    return project_runs.fine_vit(MyLinearAttention)  # 14 x 14 tokens, one block


STEPS = 2  # 100 for an entry
torch.manual_seed(0)
model = build()
loss = classification(model, train_set, 64)
fit(model, loss, replace(project_runs.SHORTER, steps=STEPS))
print(f"{count_macs(model, (28, 28), channels=1):,} multiply-adds")
print(projects.goal("linear_attention"))
assert count_parameters(model) == 19_530
"""

REGISTERS = """
class MyRegisterViT(VisionTransformer):
    def tokens(self, images):
        cls_token, patches = super().tokens(images).split([1, 16], dim=1)
        return torch.cat([cls_token, patches], dim=1)  # yours: registers between


def build():
    sizes = project_runs.SIZES
    return MyRegisterViT(patch=7, width=64, heads=4, layers=4, **sizes)


STEPS = 2  # 150 for an entry
torch.manual_seed(0)
model = build()
loss = classification(model, train_set, 64)
fit(model, loss, replace(project_runs.SHORT, steps=STEPS))
norms = project_runs.outlying_norms(checkpoints.load("vit_28"), test_set)
print(f"longest patch token of lesson 05's ViT: {norms:.1f} times the median one")
print(projects.goal("registers"))
assert 1 < norms < 3
"""

ROTARY = """
class MyRotaryAttention(MultiHeadAttention):
    def turn(self, heads):
        return heads  # yours: turn (B, h, N, d) by the token's row and column

    def forward(self, tokens, mask=None):
        project = self.query, self.key, self.value
        q, k, v = (split_heads(layer(tokens), self.heads) for layer in project)
        return self.out(merge_heads(attention(self.turn(q), self.turn(k), v)))


def build():
    def block(_layer):
        return block_with(MyRotaryAttention, 64, 4)

    sizes = dict(patch=7, width=64, heads=4, layers=4, **project_runs.SIZES)
    return UnplacedViT(block=block, **sizes)


STEPS = 2  # 150 for an entry
torch.manual_seed(0)
model = build()
loss = classification(model, train_set, 64)
fit(model, loss, replace(project_runs.SHORT, steps=STEPS))
print(projects.goal("rotary_positions"))
assert not hasattr(model, "pos_embed")
"""

MASKED = """
def build():
    return project_runs.small_autoencoder()  # yours


STEPS = 2  # 150 for an entry
torch.manual_seed(0)
model, pixels = build(), grey(train_set)
loss = project_runs.reconstruction(model, pixels, 64)
fit(model, loss, replace(project_runs.MASKED, steps=STEPS))

guess = project_runs.mean_image(train_set)
error = project_runs.reconstruction_error(guess, test_set)
image, hidden = grey(test_set)[:1], project_runs.test_masks()[:1]
patches = patchify(image, 4)
shown = patches.masked_fill(hidden[..., None], patches.min().item())
figure, axes = plots.figure(3, width=6, height=2.3)
views = {"image": patches, "visible": shown, "mean image": guess(image, hidden)}
for panel, (name, view) in zip(axes, views.items()):
    grey_levels = unpatchify(view, 4, 28, 28)[0, 0]
    plots.draw_image(panel, (grey_levels + 0.8) / 2.8, name)
print(projects.goal("masked_autoencoder"))
assert hidden.sum() == 37 and 0.5 < error < 1
plots.show(figure, alt="An image, its 12 visible patches, the mean image.")
"""

SCENES = """
def build():
    model = detr_runs.variant("chosen cells")
    model.queries.count = 8  # yours: more items need more queries
    return model


model = build()
model.load_state_dict(checkpoints.load("detr_five").state_dict())  # trained on 64 x 64
STEPS = 1  # 100 for an entry
seeded = torch.Generator().manual_seed(0)
drawn = project_runs.larger_scenes(scenes.five_classes(test_set), 3, seeded)
found = detr_runs.detect(model, drawn.images)
figure = scene_figures.sure_scenes(drawn, found)
five = scenes.five_classes(train_set)
loss = project_runs.larger_detection(model, five, batch=2)  # 16 for an entry
fit(model, loss, replace(project_runs.TUNING, steps=STEPS))
print(projects.goal("larger_scenes"))
assert drawn.images.shape[2:] == (96, 96) and len(found[0].boxes) == 8
plots.show(figure, alt="Larger scenes; boxes are too large.")
"""

OWN = """
with tempfile.TemporaryDirectory() as folder:  # yours: a folder of your own
    for name in ("cat", "coffee", "rocket"):
        photo = (data.photograph(name) * 255).byte().permute(1, 2, 0).numpy()
        (Path(folder) / name).mkdir()
        for n in range(20):
            top, left = 16 * n % 160, 48 * n % 224
            crop = Image.fromarray(photo[top : top + 64, left : left + 64])
            crop.save(Path(folder) / name / f"{n:02}.png")
    own_train, own_test = own_images(folder, side=28)
print(own_train, own_test, own_train.classes)


pixels, labels = grey(own_train).flatten(1), own_train.labels
means = torch.stack([pixels[labels == label].mean(dim=0) for label in range(3)])
nearest = torch.cdist(grey(own_test).flatten(1), means).argmin(dim=1)
right = (nearest == own_test.labels).float().mean().item()
print(f"the nearest mean image names {right:.0%}")
print(projects.goal("own_images"))
assert len(own_test) == 12 and right > 1 / 3
"""
