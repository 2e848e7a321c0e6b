"""Facts about tasks on pictures, texts and sounds; files in the formats of MNIST, PTB, WikiText-2 and TIMIT are written here."""

import gzip
import hashlib
import string
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import wavfile
from scipy.signal import ShortTimeFFT

import neurorec as nr
from neurorec.errors import NeurorecError, UnknownName, ValueRefused
from neurorec.tasks._reading import texts as text_files

few = settings(max_examples=15, deadline=None)


# any finite collection


@pytest.mark.parametrize(
    ("name", "setting", "column", "unit"),
    [
        ("pixel_digits", {"split": "test"}, "image", 1),
        ("character_text", {"length": 200, "split": "test"}, "start", 200),
        ("word_text", {"length": 2000, "vocabulary": 20}, "start", 2000),
        ("speech_frames", {}, "utterance", 1),
    ],
)
def test_a_pass_has_every_trial_once_and_the_next_pass_another_order(name, setting, column, unit):
    task = nr.task(name, **setting)
    shown = task.trials(2 * task.count, seed=3).conditions[column] // unit
    first, second = shown[: task.count], shown[task.count :]
    assert sorted(first) == sorted(second) == list(range(task.count))
    assert first.tolist() != second.tolist()


@pytest.mark.parametrize("name", ["pixel_digits", "character_text", "word_text", "speech_frames"])
def test_an_unknown_split_is_refused_with_those_there_are(name):
    with pytest.raises(UnknownName, match="no split named 'tset'; did you mean 'test'"):
        nr.task(name, split="tset")


@pytest.mark.parametrize(("name", "setting"), [("pixel_digits", "folder"), ("speech_frames", "folder"), ("word_text", "text")])
def test_a_path_where_nothing_is_is_refused_with_what_was_expected(name, setting, tmp_path):
    with pytest.raises(ValueRefused, match=f"{setting}: there is no .*nowhere.*; expected .*Give a path from"):
        nr.task(name, **{setting: tmp_path / "nowhere"})


# digits


@pytest.mark.parametrize("order", ["pixel", "row", "permuted"])
def test_digits_are_scikit_learns_put_together_again(order):
    """Every picture of both splits, whatever the order of its pixels, is one of the 1797, and each is there once."""
    from sklearn.datasets import load_digits

    found, known = [], load_digits()
    for split, count in (("train", 1400), ("test", 397)):
        task = nr.task("pixel_digits", order=order, split=split)
        trials = task.trials(count)
        assert trials.steps == (8 if order == "row" else 64)
        assert np.array_equal(trials.targets[-1].argmax(axis=1), trials.conditions["digit"])
        found += [(*image.ravel(), digit) for image, digit in zip(task.images(trials), trials.conditions["digit"], strict=True)]
    assert sorted(found) == sorted((*image.ravel() / 16, digit) for image, digit in zip(known.images, known.target, strict=True))


def test_pixels_come_in_reading_order_rows_whole_and_permuted_in_one_order_for_all():
    by_pixel, by_row, permuted, other = (
        nr.task("pixel_digits", **setting).trials(30).inputs
        for setting in ({}, {"order": "row"}, {"order": "permuted"}, {"order": "permuted", "permutation": 1})
    )
    assert np.array_equal(by_row.transpose(1, 0, 2).reshape(30, 64), by_pixel[..., 0].T)
    for shuffled in (permuted, other):
        assert np.array_equal(np.sort(shuffled, axis=0), np.sort(by_pixel, axis=0))
        assert not np.array_equal(shuffled, by_pixel)
    assert not np.array_equal(permuted, other)


def test_the_splits_and_the_permutation_are_the_same_for_ever():
    """Numbers from NumPy's generators; were they to change, so would every result on the task."""
    test = nr.task("pixel_digits", split="test")
    assert test.data[1][:12].tolist() == [4, 0, 8, 3, 2, 0, 7, 8, 9, 2, 2, 0]
    permuted = nr.task("pixel_digits", order="permuted")
    assert permuted._path[:8, 0].tolist() == [46, 29, 17, 14, 11, 33, 26, 32]


def test_only_the_last_step_of_a_digit_counts():
    """Ten per class and no answer scores."""
    task = nr.task("pixel_digits")
    trials = task.trials(5)
    assert (trials.mask[:-1] == 0).all()
    assert (trials.mask[-1] == 1).all()
    wrong = np.roll(trials.targets, 1, axis=2)
    wrong[-1] = trials.targets[-1]
    assert task.score(wrong, trials).tolist() == [1] * 5
    assert task.score(-wrong, trials).tolist() == [0] * 5


def idx(array):
    """The bytes of an IDX file of unsigned bytes."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def mnist(folder, packed=".gz", dash="-"):
    """MNIST's four files with six and three pictures of 4 x 5 pixels."""
    rng, made = np.random.default_rng(0), {}
    for part, count in (("train", 6), ("t10k", 3)):
        images, labels = rng.integers(0, 256, (count, 4, 5)), rng.integers(0, 10, count)
        for kind, array in (("images", images), ("labels", labels)):
            pack = gzip.compress if packed else bytes
            (folder / f"{part}-{kind}{dash}idx{array.ndim}-ubyte{packed}").write_bytes(pack(idx(array)))
        made[part] = images, labels
    return made


@pytest.mark.parametrize(("packed", "dash"), [("", "-"), (".gz", "-"), ("", "."), (".gz", ".")])
@pytest.mark.parametrize(("split", "part"), [("train", "train"), ("test", "t10k")])
def test_mnist_is_read_from_its_four_files(tmp_path, packed, dash, split, part):
    images, labels = mnist(tmp_path, packed, dash)[part]
    task = nr.task("pixel_digits", folder=tmp_path, split=split, order="row")
    trials = task.trials(task.count)
    assert trials.inputs.shape == (4, len(images), 5)
    number = trials.conditions["image"]
    assert np.array_equal(task.images(trials), images[number] / 255)
    assert np.array_equal(trials.conditions["digit"], labels[number])
    assert nr.task("pixel_digits", folder=str(tmp_path)).trials(2).steps == 20


def damaged(folder, how):
    """One of MNIST's files is not what it should be."""
    mnist(folder, packed="")
    images, labels = folder / "train-images-idx3-ubyte", folder / "train-labels-idx1-ubyte"
    content = images.read_bytes()
    if how == "missing":
        labels.unlink()
    elif how == "swapped":
        images.write_bytes(labels.read_bytes())
    elif how == "page":
        images.write_bytes(b"<html>not found</html>")
    elif how == "empty":
        images.write_bytes(b"")
    elif how == "cut":
        images.write_bytes(content[:-7])
    elif how == "too few":
        labels.write_bytes(idx(np.zeros(5)))
    elif how == "letters":
        labels.write_bytes(idx(np.full(6, 25)))
    elif how == "gzip":
        images.unlink()
        (folder / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(content)[:-20])


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("missing", "there is no train-labels-idx1-ubyte in .*; expected a folder with"),
        ("swapped", "begins with 00 00 08 01; an IDX file of images begins with 00 00 08 03"),
        ("page", "begins with 3c 68 74 6d; an IDX file"),
        ("empty", "begins with nothing; an IDX file"),
        ("cut", "promises 6 x 4 x 5 bytes and holds 113; it was cut short"),
        ("too few", "holds 6 images and 5 labels"),
        ("letters", "has a label 25; expected digits"),
        ("gzip", "cannot unpack .*; fetch it again"),
    ],
)
def test_damaged_idx_files_are_refused_in_words(tmp_path, how, said):
    damaged(tmp_path, how)
    with pytest.raises(ValueRefused, match=said) as refused:
        nr.task("pixel_digits", folder=tmp_path)
    assert "\n" not in str(refused.value)


# characters


@few
@given(
    st.text(string.printable.replace("\r", "") + "äé€\u2028", min_size=40, max_size=400).filter(lambda text: len(set(text)) > 1),
    st.sampled_from(["train", "test"]),
)
def test_windows_put_together_are_the_text(tmp_path_factory, text, split):
    """Each character but the first of a split is asked once, and the inputs are the characters before."""
    path = tmp_path_factory.mktemp("text") / "own.txt"
    path.write_text(text, encoding="utf-8", newline="")
    task = nr.task("character_text", text=path, length=3, split=split)
    cut = int(0.9 * len(text))
    whole = {"train": text[:cut], "test": text[cut:]}[split]
    trials = task.trials(task.count)
    order = trials.conditions["start"].argsort()
    shown, asked = ("".join(np.array(task.read(each))[order]) for each in (trials.inputs, trials.targets))
    assert shown == whole[: len(shown)]
    assert asked == whole[1 : len(asked) + 1]
    assert len(whole) - 4 < len(asked) < len(whole)
    assert task.alphabet == "".join(sorted(set(text)))


def test_pythons_text_is_english_and_its_splits_follow_each_other():
    train, test = (nr.task("character_text", split=split) for split in ("train", "test"))
    text = "".join(train.alphabet[code] for code in [*train.codes, *test.codes])
    assert text.startswith('The "assert" statement\n')
    assert text.count(" the ") > 1000
    assert len(train.codes) == int(0.9 * len(text))
    assert train.n_inputs == train.n_outputs == len(set(text))


def test_another_text_of_python_is_used_and_said(monkeypatch):
    import pydoc_data.topics

    monkeypatch.setattr(pydoc_data.topics, "topics", {"one": "spam and eggs " * 20, "two": "ham"})
    with pytest.warns(UserWarning, match=r"the text that comes with Python .* \(284 characters, SHA-256 .* is not that of Python 3.11.7"):
        task = nr.task("character_text", length=5)
    assert task.alphabet == "\n adeghmnps"


def test_the_pinned_text_is_not_remarked_upon(monkeypatch, recwarn):
    """Pinned here is whatever this Python has."""
    from pydoc_data.topics import topics

    monkeypatch.setattr(text_files, "SHA256", hashlib.sha256("\n".join(topics.values()).encode()).hexdigest())
    nr.task("character_text")
    assert list(recwarn) == []


def test_bits_are_nats_in_another_unit():
    """Guessing among eight characters costs three bits."""
    assert nr.task("character_text").bits_per_character(np.log(8)) == pytest.approx(3)


def test_text_scores_the_share_foretold():
    """Half of the characters; a tie foretells nothing."""
    task = nr.task("character_text")
    trials = task.trials(2)
    assert task.score(np.where(np.arange(64)[:, None, None] < 32, trials.targets, 0), trials) == pytest.approx([0.5, 0.5])


# words

PTB = {
    "train": " no it was n't black monday \n but while the <unk> it was the n't \n",
    "valid": " it was N \n",
    "test": " monday it \n was \n",
}
WIKI = {"train": " \n = Robert <unk> = \n \n He is the best . \n", "valid": " \n = He = \n", "test": " \n the end @-@ game \n"}


def corpus(folder, texts, name):
    for part, text in texts.items():
        (folder / name.format(part)).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("split", ["train", "valid", "test"])
@pytest.mark.parametrize(("texts", "name"), [(PTB, "ptb.{}.txt"), (WIKI, "wiki.{}.tokens")])
def test_words_are_read_as_they_stand(tmp_path, texts, name, split):
    """White space separates, <eos> ends each line, empty ones too; words that train does not have become <unk>."""
    task = nr.task("word_text", text=corpus(tmp_path, texts, name), vocabulary=100, length=1, split=split)
    lines = texts[split].split("\n")[:-1]
    words = [word for line in lines for word in (*line.split(), "<eos>")]
    known = set(texts["train"].split()) | {"<eos>"}
    expected = [word if word in known else "<unk>" for word in words]
    trials = task.trials(task.count)
    order = trials.conditions["start"].argsort()
    assert np.array(task.read(trials.inputs))[order].tolist() == expected[:-1]
    assert np.array(task.read(trials.targets))[order].tolist() == expected[1:]
    assert set(task.words) == known
    assert task.n_inputs == len(known)


def test_a_vocabulary_keeps_the_most_frequent_words(tmp_path):
    """Two "it", "was", "n't" and "the" in train; ties go to the earlier."""
    task = nr.task("word_text", text=corpus(tmp_path, PTB, "{}"), vocabulary=4, length=1)
    assert task.words == ("<unk>", "<eos>", "it", "was")
    assert (task.codes == 0).sum() == 14 - 4


def test_python_text_has_words():
    """The most frequent English one first."""
    task = nr.task("word_text", vocabulary=50)
    assert task.words[:3] == ("<unk>", "<eos>", "the")
    assert task.perplexity(np.log(50)) == pytest.approx(50)


@pytest.mark.parametrize("name", ["character_text", "word_text"])
def test_texts_that_cannot_be_read_are_refused_in_words(name, tmp_path):
    (tmp_path / "train.txt").write_text("some words and again some more words", encoding="utf-8")
    refusals = {"must have one file with 'valid' in its name, it has none; expected a text file, or a folder": {"text": tmp_path}}
    (latin := tmp_path / "latin").write_bytes("Käse".encode("latin-1") * 50)
    (short := tmp_path / "short").write_text("ab", encoding="utf-8")
    refusals["is no text in UTF-8 .*; convert it first"] = {"text": latin}
    refusals["length = .* needs .* and the split has .*; shorten it or give more text"] = {"text": short}
    refusals["a single text has no split 'valid', it is cut into train and test"] = {"split": "valid"}
    for said, setting in refusals.items():
        with pytest.raises(ValueRefused, match=said):
            nr.task(name, **setting)


# speech


def tone(frequency, seconds, rate, amplitude=0.5):
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)


def test_a_sine_wave_is_a_peak_of_its_amplitude():
    """At 1 kHz, bin 32 of 129; silence is 0."""
    task = nr.task("speech_frames")
    frames = task.spectrogram(tone(1000, 0.2, 8000, amplitude=0.3))
    assert frames.shape == ((1600 - 256) // 128 + 1, 129)
    assert (frames.argmax(axis=1) == 32).all()
    assert frames[:, 32] == pytest.approx(np.log(1 + 0.3 / 1e-4), rel=1e-3)
    assert (task.spectrogram(np.zeros(1000)) == 0).all()


SPEECH = nr.task("speech_frames")


@few
@given(seed=st.integers(0, 2**32), samples=st.integers(256, 2000))
def test_frames_are_scipys_short_time_fourier_transform(seed, samples):
    """Its frames that lie whole within the sound."""
    sound = np.random.default_rng(seed).normal(0, 0.1, samples)
    transform = ShortTimeFFT.from_window("hann", 8000, 256, 128, scale_to="magnitude", phase_shift=None)
    count = (samples - 256) // 128 + 1
    inside = np.abs(transform.stft(sound, p0=1, p1=1 + count)).T  # frame p is centred on sample 128 p
    np.testing.assert_allclose(SPEECH.spectrogram(sound), np.log1p(2 * inside / 1e-4), rtol=1e-9)


WIDTHS = {"uint8": (128, 127), "int16": (0, 32767), "int32": (0, 2**31 - 1), "float32": (0, 1)}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (16000, 1), (11025, 2)])
def test_wav_files_of_any_width_rate_and_number_of_channels_sound_alike(tmp_path, width, rate, channels):
    """A tone of amplitude 0.5 at 1 kHz for half a second is that, to the resolution of the file."""
    zero, full = WIDTHS[width]
    samples = (zero + full * tone(1000, 0.5, rate)).round(0 if width != "float32" else 9).astype(width)
    wavfile.write(tmp_path / "one.WAV", rate, np.stack([samples] * channels, axis=1) if channels > 1 else samples)
    frames = nr.task("speech_frames", folder=tmp_path).spectrograms[0]
    middle = frames[2:-2]  # resampling rings at the ends
    assert len(frames) == (4000 - 256) // 128 + 1
    assert (middle.argmax(axis=1) == 32).all()
    assert middle[:, 32] == pytest.approx(np.log(1 + 0.5 / 1e-4), abs=0.02)


def write(folder, names, seconds=0.2):
    """Noise of unequal lengths."""
    rng = np.random.default_rng(0)
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        wavfile.write(path, 8000, rng.normal(0, 0.1, int(8000 * seconds * (1 + 0.2 * number))).astype(np.float32))


def test_each_frame_is_followed_by_the_next_and_padding_does_not_count(tmp_path):
    write(tmp_path, ["a.wav", "b.wav", "c.wav"])
    task = nr.task("speech_frames", folder=tmp_path)
    trials = task.trials(3)
    assert trials.steps == max(map(len, task.spectrograms)) - 1
    for k, (number, asked) in enumerate(zip(trials.conditions["utterance"], trials.conditions["frames"], strict=True)):
        frames = task.spectrograms[number]
        assert asked == len(frames) - 1
        assert np.array_equal(trials.inputs[:asked, k], frames[:-1])
        assert np.array_equal(trials.targets[:asked, k], frames[1:])
        assert trials.mask[:, k].tolist() == [1] * asked + [0] * (trials.steps - asked)
        assert (trials.inputs[asked:, k] == 0).all()
    late = np.where(trials.mask[..., None] > 0, trials.targets, 99)
    assert task.score(late, trials).tolist() == [1, 1, 1]


def test_folders_named_train_and_test_are_the_splits(tmp_path):
    """As in TIMIT, at any depth and in either case."""
    write(tmp_path, ["TRAIN/DR1/FCJF0/SX127.WAV", "TRAIN/DR2/x.wav", "TRAIN/notes.wav", "TEST/DR1/SI648.WAV"])
    (tmp_path / "TRAIN" / "read.me").write_text("no sound")
    assert nr.task("speech_frames", folder=tmp_path).count == 3
    assert nr.task("speech_frames", folder=tmp_path, split="test").count == 1


def test_without_them_every_tenth_file_is_for_testing(tmp_path):
    write(tmp_path, [f"{number:02}.wav" for number in range(21)])
    assert nr.task("speech_frames", folder=tmp_path).count == 19
    test = nr.task("speech_frames", folder=tmp_path, split="test")
    assert [len(each) for each in test.spectrograms] == [len(test.spectrogram(np.zeros(int(1600 * (1 + 0.2 * k))))) for k in (9, 19)]


def unreadable(folder, how):
    if how == "sphere":
        (folder / "SX1.WAV").write_bytes(b"NIST_1A\n   1024\n" + bytes(2000))
    elif how == "nan":
        wavfile.write(folder / "a.wav", 8000, np.full(2000, np.nan, np.float32))
    elif how == "short":
        write(folder, ["a.wav"], seconds=0.04)
    elif how == "file":
        (folder / "a.wav").touch()


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("nothing", "has no .wav file for split 'train'; expected a folder of .wav files"),
        ("sphere", "SX1.WAV' is no whole RIFF WAV file .*TIMIT's own files are NIST SPHERE"),
        ("short", "a.wav' is shorter than two frames, 0.048 s"),
        ("nan", "a.wav' holds NaN or infinities"),
    ],
)
def test_sounds_that_cannot_be_used_are_refused_in_words(tmp_path, how, said):
    unreadable(tmp_path, how)
    with pytest.raises(ValueRefused, match=said) as refused:
        nr.task("speech_frames", folder=tmp_path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("left", [0, 3, 5, 11, 12, 20, 30, 36, 40, 43, 44, 1000])
def test_a_sound_that_was_cut_short_is_refused_wherever_it_was(tmp_path, left):
    """In its header or in its samples."""
    wavfile.write(tmp_path / "a.wav", 8000, np.ones(2000, np.int16))
    (tmp_path / "a.wav").write_bytes((tmp_path / "a.wav").read_bytes()[:left])
    with pytest.raises(ValueRefused, match="a.wav' (is no whole RIFF WAV file|holds no sound)"):
        nr.task("speech_frames", folder=tmp_path)


def test_a_header_without_samples_is_refused(tmp_path):
    """One that says itself that nothing follows."""
    wavfile.write(tmp_path / "a.wav", 8000, np.ones(2000, np.int16))
    content = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(content[:4] + struct.pack("<I", 28) + content[8:36])
    with pytest.raises(ValueRefused, match="a.wav' is no whole RIFF WAV file"):
        nr.task("speech_frames", folder=tmp_path)


def test_a_title_in_a_wav_file_does_no_harm(tmp_path):
    """A chunk that nobody knows, before the samples."""
    wavfile.write(tmp_path / "a.wav", 8000, np.ones(2000, np.int16))
    plain = nr.task("speech_frames", folder=tmp_path).spectrograms[0]
    content = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(content[:36] + b"titl" + struct.pack("<I", 4) + b"spam" + content[36:])
    assert np.array_equal(nr.task("speech_frames", folder=tmp_path).spectrograms[0], plain)


def test_a_file_is_no_folder_of_sounds(tmp_path):
    unreadable(tmp_path, "file")
    with pytest.raises(ValueRefused, match="is a file; expected a folder of .wav files"):
        nr.task("speech_frames", folder=tmp_path / "a.wav")


def test_durations_are_whole_samples():
    with pytest.raises(NeurorecError, match=r"dt = 0.01003 s is 80.24 samples at 8000 a second; choose whole ones, such as 0.01 s"):
        nr.task("speech_frames", dt=0.01003)
