"""The experiments of lessons 01 to 06: what each asks, its arms, and what runs one."""

from course_utils import (
    copy_runs,
    image_runs,
    photo_maps,
    precision_runs,
    recipe_runs,
    vit_runs,
)
from course_utils.experiment_parts import Experiment

EARLY = {
    "mixed_precision": Experiment(
        "A small network on Fashion-MNIST in several number formats; the loss is the mean of the last 20 of 300 steps.",
        tuple(precision_runs.MIXED_PRECISION),
        precision_runs.mixed_precision_arm,
    ),
    "non_local": Experiment(
        "A small ResNet on 10,000 images of Fashion-MNIST, with attention between its stages; accuracy on all 10,000 "
        "test images, the loss is the mean of the last 50 of 1,500 steps.",
        tuple(image_runs.NON_LOCAL),
        image_runs.non_local_arm,
    ),
    "pixels": Experiment(
        "A Transformer that predicts the next pixel of Fashion-MNIST shrunk to 8 x 8 in 16 levels of grey: bits for "
        "each pixel of 2,000 test images, after 1,500 steps on 10,000.",
        image_runs.PIXEL_ARMS,
        image_runs.pixels_arm,
    ),
    "memory": Experiment(
        "The peak memory of one attention layer on all pixels of an image, predicted and measured, in bytes: width "
        "32, 2 heads, windows of 7 x 7, FP32.",
        image_runs.MEMORY_ARMS,
        image_runs.memory_arm,
        seeds=(0,),
    ),
    "copying": Experiment(
        "Where patches of a grey photograph copy their colours from, with patches nearer than 5 left out: the share of "
        "attention that stays in the own object or material, and the mean squared colour error, which is 1 for the "
        "mean colour. Each seed holds out other photographs.",
        copy_runs.COPY_ARMS,
        copy_runs.copying_arm,
    ),
    "labels": Experiment(
        "A ViT and a small ResNet of like cost on 1,000 to 60,000 images of Fashion-MNIST, mirrored at random; "
        "accuracy on all 10,000 test images.",
        vit_runs.LABEL_ARMS,
        vit_runs.labels_arm,
    ),
    "shuffles": Experiment(
        "The same two on 10,000 images whose patches or pixels are in one other order, the same in all images.",
        vit_runs.SHUFFLE_ARMS,
        vit_runs.shuffle_arm,
    ),
    "maps": Experiment(
        "Do maps of a ViT, trained to name the photograph that a crop is from, find the objects in seven photographs? "
        "Their AUROC against outlines drawn by hand, and its accuracy on crops from the halves held out.",
        photo_maps.MAP_ARMS,
        photo_maps.maps_arm,
    ),
    "recipe": Experiment(
        "A ViT on 10,000 images of Fashion-MNIST, one part of its recipe left out at a time; accuracy on all 10,000 "
        "test images, the loss is the mean of the last 50 of 1,300 steps.",
        tuple(recipe_runs.PARTS),
        recipe_runs.recipe_arm,
    ),
    "hybrids": Experiment(
        "A ViT, a CNN, and ResNet blocks with Transformer blocks behind them, on 10,000 images of Fashion-MNIST.",
        tuple(recipe_runs.HYBRIDS),
        recipe_runs.hybrid_arm,
    ),
    "augreg": Experiment(
        "ViTs of two sizes on 1,000 and 10,000 images of Fashion-MNIST, with four levels of augmentation, without and "
        "with dropout and stochastic depth of 0.1; accuracy on all 10,000 test images.",
        recipe_runs.GRID_ARMS,
        recipe_runs.grid_arm,
    ),
}
