"""The experiments of lessons 07 to 11: what each asks, its arms, and what runs one."""

from course_utils import (
    capstone_runs,
    deit_runs,
    detr_runs,
    detr_stages,
    distill_runs,
    inheritance_runs,
    mixer_runs,
    project_runs,
    segmentation_runs,
    swin_runs,
    throughput,
    vit_runs,
)
from course_utils.capstone_models import FAMILIES
from course_utils.experiment_parts import Experiment

LATE = {
    "distillation": Experiment(
        "A small ViT on Fashion-MNIST, of which 2,000 images have labels: taught by a CNN trained on those, on them or "
        "on 20,000 more as well. Accuracy on all 10,000 test images after 800 steps of 64, how like its teacher it is, "
        "and how often a shift by 2 pixels leaves its prediction as it was.",
        distill_runs.DISTILLATION_ARMS,
        distill_runs.distillation_arm,
    ),
    "inheritance": Experiment(
        "What a teacher's bias does for a ViT that sees images of shuffled pixels: taught by a CNN that saw them as "
        "they are, or by one that saw them shuffled. Accuracy on all 10,000 test images, and how like both CNNs it is.",
        inheritance_runs.INHERITANCE_ARMS,
        inheritance_runs.inheritance_arm,
    ),
    "deit": Experiment(
        "DeiT's setting in small: a ViT on 10,000 labelled images of Fashion-MNIST, taught as well by a CNN trained on "
        "the same ones; accuracy on all 10,000 test images, of the mean and of each head, after 800 steps of 64.",
        deit_runs.DEIT_ARMS,
        deit_runs.deit_arm,
    ),
    "scales": Experiment(
        "Networks of like cost name one item of 8 to 56 pixels, anywhere on a canvas of 56 x 56; accuracy at each size "
        "on 2,000 test items of Fashion-MNIST, after 800 steps of 32 canvases with items of all sizes, or of 28 only.",
        swin_runs.SCALES_ARMS,
        swin_runs.scales_arm,
    ),
    "swin": Experiment(
        "A small Swin on 10,000 images of Fashion-MNIST, 14 x 14 tokens in windows of 7 x 7, and without its parts, "
        "all for 600 steps; accuracy on all 10,000 test images. The live arm has 250 steps, and 2,000 test images.",
        swin_runs.SWIN_ARMS,
        swin_runs.swin_arm,
    ),
    "throughput": Experiment(
        "Images a second of models with 3 to 5 billion multiply-adds: one thread, CPU time, batches of 2, in turns "
        "with ResNet-50; each arm is measured three times.",
        throughput.THROUGHPUT_ARMS,
        throughput.throughput_arm,
    ),
    "mixer": Experiment(
        "An MLP-Mixer, a ResMLP, a gMLP, a ViT and a CNN of like cost on 10,000 images of Fashion-MNIST, and the Mixer "
        "with other blocks; accuracy on all 10,000 test images, the loss is the mean of the last 50 of 1,300 steps.",
        tuple(mixer_runs.MODELS),
        mixer_runs.mixer_arm,
    ),
    "mixer_shuffles": Experiment(
        "The small Mixer as the ViT and the CNN of `shuffles`: on 10,000 images whose patches or pixels are in one "
        "other order, the same in all images.",
        vit_runs.SHUFFLES,
        mixer_runs.shuffle_arm,
    ),
    "detr": Experiment(
        "Small DETRs on scenes of 64 x 64 with five classes: plain, with reference boxes that are refined, with "
        "conditional cross-attention, with both, and with queries chosen from the cells as well. Measured on 500 test "
        "scenes after 750 steps of 16 new scenes.",
        tuple(detr_runs.VARIANTS),
        detr_runs.detr_arm,
        seeds=(0, 1),
    ),
    "detr_broken": Experiment(
        'The arm `both` of `detr` with one part left out: matching, "no object", the losses of earlier layers, or the '
        "cells' positions.",
        tuple(detr_runs.BROKEN),
        detr_runs.broken_arm,
        seeds=(0, 1),
    ),
    "detr_long": Experiment(
        "The checkpoints `detr_five` and `detr_ten` trained once more, from another seed; measured on 500 test scenes "
        "after 12,000 steps of 16 new scenes.",
        tuple(detr_stages.CLASSES),
        detr_stages.long_arm,
        seeds=(1,),
    ),
    "segmentation": Experiment(
        "A mask head on the frozen checkpoint `detr_five`, with all it may see and without a part of it: the mean IoU "
        "with the true masks of all items found in 500 test scenes, beside the filled boxes of the same queries and "
        "the bright pixels in them; 500 steps of 8 new scenes.",
        tuple(segmentation_runs.SEEN),
        segmentation_runs.segmentation_arm,
        seeds=(0, 1),
    ),
    "capstone": Experiment(
        "Every family of the course at about 2.4 million multiply-adds an image, with one recipe, 800 steps of 64 from "
        "all 60,000 images of Fashion-MNIST: accuracy on all 10,000 test images, CPU seconds of the training, and the "
        "peak memory of a forward and a backward pass in bytes.",
        tuple(FAMILIES),
        capstone_runs.capstone_arm,
    ),
    "capstone_lr": Experiment(
        "Each family of `capstone` with three learning rates, and a fourth where the best was the lowest or the "
        "highest, for 200 steps on 55,000 training images; accuracy on the other 5,000. `capstone` uses the best.",
        capstone_runs.RATE_ARMS,
        capstone_runs.rate_arm,
        seeds=capstone_runs.RATE_SEEDS,
    ),
    "capstone_live": Experiment(
        "The families of `capstone` after 100 steps of 64 on 10,000 images; accuracy on 2,000 test images.",
        tuple(FAMILIES),
        capstone_runs.live_arm,
    ),
    "capstone_speed": Experiment(
        "Images a second of the families of `capstone`, in training and in inference: one thread, CPU time, all "
        "families in turns, the median and the best of five rounds, three repeats. The first row of a repeat has the "
        "seconds of all families.",
        tuple(FAMILIES),
        capstone_runs.speed_arm,
    ),
    "projects": Experiment(
        "What lesson 11's projects start from, without training: the error of hidden patches in variances of all "
        "pixels, and lesson 10's detector on 500 test scenes of 96 x 96.",
        project_runs.START_ARMS,
        project_runs.start_arm,
        seeds=(0,),
    ),
    "project_tries": Experiment(
        "A start and a simple try at lesson 11's projects: accuracy on all 10,000 test images, or the error of hidden "
        "patches in variances of all pixels, after 100 or 150 steps of 64; Muon after 1,300.",
        project_runs.TRY_ARMS,
        project_runs.try_arm,
    ),
}
