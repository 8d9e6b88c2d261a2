"""Average precision by hand, and beside COCO's own code on hundreds of random scenes."""

import math

import numpy as np
import pytest
import torch

from course_utils.average_precision import (
    RECALLS,
    THRESHOLDS,
    Detections,
    Truths,
    coco_average_precision,
    precision_curve,
    right_detections,
    surest_first,
)

BOX = torch.tensor([[0.0, 0.0, 10.0, 10.0]])


def part(share):
    """Return a box inside BOX with that IoU."""
    return BOX * torch.tensor([1.0, 1.0, share, 1.0])


def seen(*boxes, scores, labels=None):
    found = torch.cat(boxes) if boxes else torch.zeros(0, 4)
    labels = torch.zeros(len(found), dtype=torch.int64) if labels is None else torch.tensor(labels)
    return Detections(found, labels, torch.tensor(scores, dtype=torch.float64))


def true(*boxes, labels=None):
    there = torch.cat(boxes) if boxes else torch.zeros(0, 4)
    return Truths(there, torch.zeros(len(there), dtype=torch.int64) if labels is None else torch.tensor(labels))


def test_everything_found_is_one_and_nothing_is_zero():
    truths = [true(BOX, BOX + 50), true(BOX)]
    perfect = [seen(BOX, BOX + 50, scores=[0.9, 0.1]), seen(BOX, scores=[0.2])]
    assert (coco_average_precision(perfect, truths, 1).table == 1).all()
    nothing = [seen(scores=[]), seen(scores=[])]
    assert (coco_average_precision(nothing, truths, 1).table == 0).all()


def test_the_threshold_belongs_to_what_is_right():
    for share, thresholds in ((0.5, 1), (0.74, 5), (0.76, 6), (0.96, 10), (0.49, 0)):
        found = coco_average_precision([seen(part(share), scores=[1.0])], [true(BOX)], 1)
        assert found.table[0].tolist() == [1.0] * thresholds + [0.0] * (10 - thresholds)
        assert found.mean == pytest.approx(thresholds / 10)
        assert (found.ap50, found.ap75) == (share >= 0.5, share >= 0.75)
    assert pytest.approx(THRESHOLDS) == [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]


def test_a_truth_that_is_found_twice_counts_once_and_the_second_is_wrong():
    twice = seen(BOX, part(0.9), BOX + 50, scores=[0.9, 0.8, 0.7])
    found = coco_average_precision([twice], [true(BOX, BOX + 50)], 1)
    expected = (51 * 1 + 50 * 2 / 3) / 101  # up to half of the truths all is right; then 2 of 3
    assert found.ap50 == pytest.approx(expected)
    surest_is_worse = seen(BOX, part(0.6), scores=[0.8, 0.9])
    assert coco_average_precision([surest_is_worse], [true(BOX)], 1).table[0].tolist() == [1.0] * 3 + [0.5] * 7


def test_scenes_are_ranked_together():
    """A sure mistake in one scene costs what is found in another."""
    truths = [true(BOX), true()]
    for scores, expected in (((0.9, 0.1), 1.0), ((0.1, 0.9), 0.5)):
        detections = [seen(BOX, scores=[scores[0]]), seen(BOX, scores=[scores[1]])]
        assert coco_average_precision(detections, truths, 1).ap50 == pytest.approx(expected)


def test_the_right_class_is_asked_for_and_one_without_truths_does_not_count():
    detections = [seen(BOX, BOX, BOX + 50, scores=[0.9, 0.8, 0.7], labels=[0, 1, 3])]
    found = coco_average_precision(detections, [true(BOX, BOX + 50, labels=[1, 2])], 4)
    assert found.table[:, 0].tolist() == pytest.approx([math.nan, 1.0, 0.0, math.nan], nan_ok=True)
    assert found.mean == found.ap50 == 0.5
    assert math.isnan(coco_average_precision(detections, [true()], 4).mean)


def test_each_detection_takes_the_best_that_is_left():
    overlaps = torch.tensor([[0.6, 0.8], [0.9, 0.95], [0.9, 0.9], [0.9, 0.9]])
    assert right_detections(overlaps, 0.5).tolist() == [True, True, False, False]
    assert right_detections(overlaps, 0.7).tolist() == [True, True, False, False]
    assert right_detections(overlaps, 0.85).tolist() == [False, True, True, False]
    equals = torch.tensor([[0.7, 0.7], [0.9, 0.1]])
    assert right_detections(equals, 0.5).tolist() == [True, True], "the last of equals is taken"
    assert right_detections(torch.zeros(3, 0), 0.5).tolist() == [False] * 3
    assert right_detections(torch.zeros(0, 3), 0.5).shape == (0,)


def test_the_curve_by_hand():
    scores, right = torch.tensor([0.3, 0.9, 0.8, 0.5, 0.6]), torch.tensor([False, True, False, True, True])
    curve = precision_curve(scores, right, 5)
    assert curve.shape == (101,)
    for recall, precision in ((0.0, 1.0), (0.2, 1.0), (0.21, 0.75), (0.6, 0.75), (0.61, 0.0), (1.0, 0.0)):
        assert curve[round(100 * recall)].item() == precision, recall
    assert precision_curve(torch.zeros(0), torch.zeros(0, dtype=torch.bool), 3).tolist() == [0] * 101
    assert precision_curve(torch.rand(4), torch.ones(4, dtype=torch.bool), 4).tolist() == [1] * 101


def test_equal_scores_keep_their_order():
    scores = torch.tensor([0.5, 0.7, 0.5, 0.7, 0.5] * 20)
    order = surest_first(scores).tolist()
    assert order == sorted(range(100), key=lambda place: (-scores[place].item(), place))


def test_only_a_hundred_of_a_class_in_a_scene_count():
    far = [BOX + 50] * 100
    found = coco_average_precision([seen(*far, BOX, scores=[0.9] * 100 + [0.1])], [true(BOX)], 1)
    assert found.mean == 0
    found = coco_average_precision([seen(*far[1:], BOX, scores=[0.9] * 99 + [0.1])], [true(BOX)], 1)
    assert found.mean == pytest.approx(1 / 100)


def test_what_cannot_be_compared_is_refused():
    for detections, truths in (([], []), ([seen(scores=[])], [true(), true()])):
        with pytest.raises(ValueError, match=r"scenes and truths of \d can't be compared: give both for each"):
            coco_average_precision(detections, truths, 1)
    for label in (-1, 3):
        with pytest.raises(ValueError, match=rf"label {label} is none of 3 classes: use 0 to 2, and leave out"):
            coco_average_precision([seen(BOX, scores=[1.0], labels=[label])], [true(BOX)], 3)
    with pytest.raises(ValueError, match="a score is NaN"):
        seen(BOX, scores=[math.nan])
    with pytest.raises(ValueError, match=r"scores of shape \(2,\) for boxes of shape \(1, 4\)"):
        seen(BOX, scores=[0.1, 0.2])
    with pytest.raises(ValueError, match=r"labels of shape \(2,\) for boxes of shape \(1, 4\)"):
        true(BOX, labels=[0, 1])
    with pytest.raises(ValueError, match="cxcywh_to_xyxy"):
        true(torch.tensor([[0.5, 0.5, 0.2, 0.2]]))


def random_scene(generator, classes, integers):
    """Return detections and truths; most detections are near a truth, and some boxes are there twice."""

    def number(*shape):
        return torch.rand(*shape, generator=generator, dtype=torch.float64)

    count = int(torch.randint(7, (1,), generator=generator))
    corners = number(count, 2) * 60
    boxes = torch.cat([corners, corners + 4 + number(count, 2) * 30], dim=1)
    labels = torch.randint(classes, (count,), generator=generator)
    near = torch.randint(max(1, count), (int(torch.randint(12, (1,), generator=generator)),), generator=generator)
    near = near[:0] if count == 0 else near
    away = boxes[near] + (number(len(near), 4) - 0.5) * 8 * number(len(near), 1)
    wild = torch.cat([number(3, 2) * 40, 45 + number(3, 2) * 40], dim=1)
    found = torch.cat([away, wild])
    guess = torch.where(number(len(found)) < 0.8, torch.cat([labels[near], torch.zeros(3).long()]), 0)
    guess = torch.where(number(len(found)) < 0.1, torch.randint(classes, (len(found),), generator=generator), guess)
    scores = number(len(found))
    if integers:  # many equal scores, and overlaps that are exactly a threshold
        boxes, found, scores = boxes.round(), found.round(), (4 * scores).round() / 4
    first = torch.minimum(found[:, :2], found[:, 2:])
    found = torch.cat([first, torch.maximum(found[:, 2:], first)], dim=1)
    return Detections(found, guess, scores), Truths(boxes, labels)


def official(detections, truths, classes):
    """Return COCO's precision, averaged over recalls: (C, K), NaN where it says -1."""
    COCO = pytest.importorskip("pycocotools.coco").COCO
    COCOeval = pytest.importorskip("pycocotools.cocoeval").COCOeval

    def entries(scenes):
        for image, scene in enumerate(scenes):
            for place, (box, label) in enumerate(zip(scene.boxes.tolist(), scene.labels.tolist(), strict=True)):
                left, top, right, bottom = box
                size = [left, top, right - left, bottom - top]
                entry = {"image_id": image, "category_id": label, "bbox": size, "area": size[2] * size[3]}
                yield entry | ({"score": scene.scores[place].item()} if isinstance(scene, Detections) else {})

    theirs = COCO()
    theirs.dataset = {
        "images": [{"id": image} for image in range(len(truths))],
        "categories": [{"id": label} for label in range(classes)],
        "annotations": [{"id": place, "iscrowd": 0, **entry} for place, entry in enumerate(entries(truths), 1)],
    }
    theirs.createIndex()
    evaluation = COCOeval(theirs, theirs.loadRes(list(entries(detections))), "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    precision = evaluation.eval["precision"][:, :, :, 0, 2]  # (K, 101, C), all areas, 100 detections
    return np.where(precision < 0, np.nan, precision).mean(axis=1).T


@pytest.mark.parametrize("integers", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_it_is_cocos_on_random_scenes(seed, integers):
    classes, generator = (1, 3, 10)[seed % 3], torch.Generator().manual_seed(seed)
    detections, truths = zip(*[random_scene(generator, classes, integers) for _ in range(4 + 5 * seed)], strict=True)
    found = coco_average_precision(detections, truths, classes)
    expected = official(detections, truths, classes)
    assert found.table.shape == (classes, 10)
    np.testing.assert_allclose(found.table.numpy(), expected, rtol=0, atol=1e-9)
    assert found.mean == pytest.approx(np.nanmean(expected)) and 0.05 < found.mean < 0.95
    assert found.ap50 == pytest.approx(np.nanmean(expected[:, 0])) and found.ap75 < found.ap50


def test_it_is_cocos_where_a_recall_is_exactly_met():
    """With 100 truths each hundredth of a recall is one: a rounding error there moves a whole point of the curve."""
    generator = torch.Generator().manual_seed(0)
    places = torch.arange(100.0).view(-1, 1, 1) * 20 + BOX
    right = torch.rand(100, generator=generator) < 0.6
    detections = [seen(place + 5 * (not good), scores=[0.5]) for place, good in zip(places, right, strict=True)]
    truths = [true(place) for place in places]
    found = coco_average_precision(detections, truths, 1)
    np.testing.assert_allclose(found.table.numpy(), official(detections, truths, 1), rtol=0, atol=1e-9)
    assert len(RECALLS) == 101


def test_it_is_cocos_with_more_than_a_hundred_detections():
    generator = torch.Generator().manual_seed(3)
    scenes = []
    for _ in range(3):
        many = torch.rand(260, 2, generator=generator, dtype=torch.float64) * 40
        boxes = torch.cat([many, many + 12], dim=1)
        scores = torch.rand(260, generator=generator).round(decimals=1)
        labels = torch.randint(2, (260,), generator=generator)
        scenes.append((Detections(boxes, labels, scores.double()), Truths(boxes[:30] + 1, labels[:30])))
    detections, truths = zip(*scenes, strict=True)
    expected = official(detections, truths, 2)
    np.testing.assert_allclose(coco_average_precision(detections, truths, 2).table.numpy(), expected, rtol=0, atol=1e-9)
