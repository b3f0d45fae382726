"""What `sealog model inspect` reads, against what the libraries say that wrote the files. Nothing is unpickled here."""

from __future__ import annotations

import base64
import hashlib
import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def inspect(path: Path, status: int = 0) -> dict[str, Any]:
    """The report on a path."""
    command = [sys.executable, "-m", "sealog", "model", "inspect", str(path), "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == status, done.stdout + done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def only(path: Path) -> dict[str, Any]:
    (file,) = inspect(path)["files"]
    found: dict[str, Any] = file
    return found


def tensors(found: dict[str, Any]) -> dict[str, tuple[str, list[int]]]:
    listed = found.get("tensors", [])
    named = {tensor["name"]: (tensor["dtype"], tensor["shape"]) for tensor in listed}
    assert len(named) == len(listed), "two tensors of one name"
    return named


def test_safetensors(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    library = pytest.importorskip("safetensors")
    writer = pytest.importorskip("safetensors.numpy")
    kinds = ["bool", "uint8", "int8", "int16", "uint16", "float16", "int32", "uint32", "float32", "float64", "int64"]
    arrays = {f"layer.{kind}": numpy.zeros((2, 3), kind) for kind in kinds}
    arrays |= {"scalar": numpy.ones(()), "none": numpy.ones((0, 4)), "größe": numpy.ones(5)}
    path = tmp_path / "model.safetensors"
    writer.save_file(arrays, path, {"format": "np", "note": "a\nb"})
    found = only(path)
    with library.safe_open(path, "numpy") as file:
        slices = {name: file.get_slice(name) for name in file.keys()}
        assert tensors(found) == {name: (one.get_dtype(), one.get_shape()) for name, one in slices.items()}
        assert found["metadata"] == file.metadata()
    assert found["parameters"] == sum(array.size for array in arrays.values())
    assert found["framework"] == "numpy"


def test_shards(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    writer = pytest.importorskip("safetensors.numpy")
    shards = {f"model-{at}-of-3.safetensors": {f"w{at}": numpy.ones((at, 2)), f"b{at}": numpy.ones(at)} for at in (1, 2, 3)}
    for name, arrays in shards.items():
        writer.save_file(arrays, tmp_path / name)
    places = {tensor: name for name, arrays in shards.items() for tensor in arrays}
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {"total_size": 144}, "weight_map": places}))
    found = only(index)
    assert {tensor["name"]: tensor["place"] for tensor in found["tensors"]} == places
    assert inspect(tmp_path)["summary"]["parameters"] == found["parameters"] == 18
    (tmp_path / "model-3-of-3.safetensors").unlink()
    (broken,) = inspect(index, 2)["files"]
    assert broken["answer"] == "malformed"


def test_gguf(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    library = pytest.importorskip("gguf")
    path = tmp_path / "model.gguf"
    writer = library.GGUFWriter(path, "llama")
    writer.add_context_length(4096)
    writer.add_rope_freq_base(10000.0)
    writer.add_name("tiny")
    writer.add_bool("flag", True)
    writer.add_array("tokens", ["a", "b", "c"])
    writer.add_tensor("blk.0.w", numpy.ones((4, 32), numpy.float32))
    writer.add_tensor("blk.0.h", numpy.ones((2, 3, 8), numpy.float16))
    blocks = numpy.zeros((4, 34), numpy.uint8)
    writer.add_tensor("blk.0.q", blocks, raw_shape=blocks.shape, raw_dtype=library.GGMLQuantizationType.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    found = only(path)
    reader = library.GGUFReader(path)
    # The library gives the fastest dimension first.
    expected = {one.name: (one.tensor_type.name, [int(n) for n in reversed(one.shape)]) for one in reader.tensors}
    assert tensors(found) == expected
    assert found["parameters"] == sum(int(one.n_elements) for one in reader.tensors)
    assert found["class"] == "llama"
    for name, field in reader.fields.items():
        if name.startswith("GGUF."):
            continue
        value = field.contents()
        expected_value = f"array of {len(value)}" if isinstance(value, list) else value
        assert found["metadata"][name] == expected_value, name


def test_numpy(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    arrays = {
        "floats": numpy.zeros((2, 3)),
        "order": numpy.asfortranarray(numpy.zeros((3, 2), ">i4")),
        "texts": numpy.array(["a", "bcd"]),
        "bytes": numpy.array([b"abc"]),
        "truth": numpy.ones((), bool),
        "times": numpy.array(["2020-01-01"], "datetime64[s]"),
        "complex": numpy.zeros(1, complex),
        "empty": numpy.zeros((0, 7), "f2"),
    }
    for name, array in arrays.items():
        numpy.save(tmp_path / f"{name}.npy", array)
        (tensor,) = only(tmp_path / f"{name}.npy")["tensors"]
        assert (tensor["dtype"], tensor["shape"]) == (array.dtype.str, list(array.shape)), name
    expected = {name: (array.dtype.str, list(array.shape)) for name, array in arrays.items()}
    for save in (numpy.savez, numpy.savez_compressed):
        save(tmp_path / "all.npz", **arrays)
        assert tensors(only(tmp_path / "all.npz")) == expected


def test_onnx(tmp_path: Path) -> None:
    """Every model that the library brings for its own tests."""
    library = pytest.importorskip("onnx")
    data = Path(library.__file__).parent / "backend" / "test" / "data"
    report = inspect_any(data)
    files = {file["path"]: file for file in report["files"] if file["path"].endswith(".onnx")}
    assert len(files) > 100
    for name, found in files.items():
        compare_onnx(library, library.load(data / name, load_external_data=False), found)


def inspect_any(path: Path) -> dict[str, Any]:
    """Where other files stand between the models, some of them of no kind that is read."""
    command = [sys.executable, "-m", "sealog", "model", "inspect", str(path), "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode in (0, 2), done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def compare_onnx(library: Any, model: Any, found: dict[str, Any]) -> None:
    assert (found["kind"], found["answer"]) == ("onnx", "read"), found
    kind = library.TensorProto.DataType.Name
    top = {tensor.name: (kind(tensor.data_type), list(tensor.dims)) for tensor in model.graph.initializer}
    # Graphs inside of nodes have initializers of their own.
    assert top.items() <= {t["name"]: (t["dtype"], t["shape"]) for t in found.get("tensors", [])}.items()

    def ports(values: Any) -> list[Any]:
        listed = []
        for value in values:
            if value.type.WhichOneof("value") != "tensor_type":
                continue
            of = value.type.tensor_type
            shape = [one.dim_param or (one.dim_value if one.HasField("dim_value") else None) for one in of.shape.dim]
            listed.append((value.name, kind(of.elem_type), shape if of.HasField("shape") else None))
        return listed

    def read(key: str) -> list[Any]:
        plain = [port for port in found.get(key, []) if port["dtype"] in library.TensorProto.DataType.keys()]
        return [(port["name"], port["dtype"], port.get("shape")) for port in plain]

    filled = set(top) | {sparse.values.name for sparse in model.graph.sparse_initializer}
    assert read("inputs") == ports(value for value in model.graph.input if value.name not in filled)
    assert read("outputs") == ports(model.graph.output)
    assert found["metadata"]["onnx.ir_version"] == model.ir_version
    assert found["metadata"]["onnx.opsets"] == {one.domain: one.version for one in model.opset_import}
    assert (found.get("framework", ""), found.get("version", "")) == (model.producer_name, model.producer_version)


def test_onnx_external_data(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    library = pytest.importorskip("onnx")
    value = library.helper.make_tensor_value_info
    weights = library.numpy_helper.from_array(numpy.ones((64, 64), numpy.float32), "w")
    node = library.helper.make_node("MatMul", ["x", "w"], ["y"])
    graph = library.helper.make_graph([node], "g", [value("x", 1, ["n", 64])], [value("y", 1, ["n", 64])], [weights])
    path = tmp_path / "model.onnx"
    library.save(library.helper.make_model(graph), path, save_as_external_data=True, location="model.bin")
    found = only(path)
    compare_onnx(library, library.load(path, load_external_data=False), found)
    assert found["tensors"][0]["place"] == "model.bin"
    assert {file["kind"] for file in inspect(tmp_path)["files"]} == {"onnx", "external data"}
    with (tmp_path / "model.bin").open("r+b") as file:
        file.truncate(100)
    assert inspect(path, 2)["answer"] == "malformed"


def models() -> dict[str, Any]:
    pytest.importorskip("sklearn")
    from sklearn import cluster, decomposition, ensemble, linear_model, naive_bayes, neighbors, svm, tree
    from sklearn.datasets import load_iris

    X, y = load_iris(return_X_y=True)
    fitted = [
        linear_model.LogisticRegression(max_iter=500),
        linear_model.Ridge(),
        svm.SVC(),
        tree.DecisionTreeClassifier(),
        ensemble.RandomForestClassifier(3),
        naive_bayes.GaussianNB(),
        neighbors.KNeighborsClassifier(),
        cluster.KMeans(2, n_init=1),
        decomposition.PCA(2),
    ]
    return {type(model).__name__: model.fit(X, y) for model in fitted}


def compare_estimator(model: Any, found: dict[str, Any], case: str) -> None:
    import numpy
    import sklearn

    assert found["class"] == f"{type(model).__module__}.{type(model).__qualname__}", case
    assert (found["framework"], found["version"]) == ("scikit-learn", sklearn.__version__), case
    assert found["inputs"][0]["shape"] == [None, model.n_features_in_], case
    simple = {name: value for name, value in vars(model).items() if type(value) in (int, str)}
    shown = {name: found["metadata"].get(name) for name in simple}
    assert shown == simple, case
    listed = [(one["name"], one["dtype"], one["shape"]) for one in found["tensors"]]
    seen: list[Any] = []
    for name, value in vars(model).items():
        # An array under two names is listed under the first.
        if isinstance(value, numpy.ndarray) and not any(value is one for one in seen):
            seen.append(value)
            assert (name, value.dtype.str, list(value.shape)) in listed, f"{case}: {name}"


def test_estimators(tmp_path: Path) -> None:
    fitted = models()
    joblib = pytest.importorskip("joblib")
    for name, model in fitted.items():
        for protocol in (2, 3, 4, 5):
            path = tmp_path / f"{name}{protocol}.pkl"
            path.write_bytes(pickle.dumps(model, protocol))
            compare_estimator(model, only(path), path.name)
        joblib.dump(model, tmp_path / f"{name}.joblib")
        compare_estimator(model, only(tmp_path / f"{name}.joblib"), f"{name}.joblib")
    forest = only(tmp_path / "RandomForestClassifier5.pkl")
    # Three trees, and the one that they are copies of.
    assert forest["metadata"]["instances"]["sklearn.tree._classes.DecisionTreeClassifier"] == 4


def printed(*arguments: str) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-m", "sealog", "model", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    value: dict[str, Any] = json.loads(done.stdout)
    return value


def test_bill_of_materials(tmp_path: Path) -> None:
    fitted = models()
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(fitted["Ridge"]))
    (tmp_path / "notes.bin").write_bytes(b"\0\1\2 of no known kind")
    bill = printed("sbom", str(tmp_path), "--name", "ridge", "--version", "1.0")
    digests = {name: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("model.pkl", "notes.bin")}
    files = [one for one in bill["components"] if one["type"] == "file"]
    assert {one["name"]: one["hashes"][0]["content"] for one in files} == digests
    card = bill["metadata"]["component"]["modelCard"]["modelParameters"]
    assert card["modelArchitecture"] == "sklearn.linear_model._ridge.Ridge"
    statement = printed("attest", str(tmp_path), "--builder", "https://example.com/ci", "--build-type", "urn:train")
    assert {one["name"]: one["digest"]["sha256"] for one in statement["subject"]} == digests
    content = statement["predicate"]["runDetails"]["byproducts"][0]["content"]
    assert json.loads(base64.b64decode(content))["summary"]["files"] == 2
    validation = pytest.importorskip("cyclonedx.validation.json")
    schema = pytest.importorskip("cyclonedx.schema")
    for version in (schema.SchemaVersion.V1_6, schema.SchemaVersion.V1_7):
        bill["specVersion"] = version.to_version()
        assert validation.JsonStrictValidator(version).validate_str(json.dumps(bill)) is None


def test_skops(tmp_path: Path) -> None:
    fitted = models()
    skops = pytest.importorskip("skops.io")
    for name, model in fitted.items():
        path = tmp_path / f"{name}.skops"
        skops.dump(model, path)
        found = only(path)
        found["metadata"]["_sklearn_version"] = found.get("version")
        compare_estimator(model, found, path.name)
