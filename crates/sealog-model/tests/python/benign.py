"""Writes the benign corpus: small files by the libraries that people use. Usage: benign.py DIRECTORY

Needs numpy, scikit-learn, joblib, pandas, safetensors, gguf, onnx, h5py, skops. Nothing is loaded here.
"""

import collections
import datetime
import gzip
import pathlib
import pickle
import sys

import gguf
import h5py
import joblib
import numpy
import onnx
import pandas
import safetensors.numpy
import skops.io
from sklearn import (cluster, decomposition, ensemble, feature_extraction, gaussian_process, linear_model, naive_bayes,
                     neighbors, neural_network, pipeline, preprocessing, svm, tree)
from sklearn.datasets import load_iris

out = pathlib.Path(sys.argv[1])
X, y = load_iris(return_X_y=True)
X, y = X[::5], y[::5]

models = {
    "logistic": linear_model.LogisticRegression().fit(X, y),
    "ridge": linear_model.Ridge().fit(X, y),
    "sgd": linear_model.SGDClassifier().fit(X, y),
    "svc": svm.SVC().fit(X, y),
    "tree": tree.DecisionTreeClassifier(max_depth=2).fit(X, y),
    "forest": ensemble.RandomForestClassifier(2, max_depth=2).fit(X, y),
    "boosting": ensemble.GradientBoostingClassifier(n_estimators=1, max_depth=1).fit(X, y),
    "histogram": ensemble.HistGradientBoostingClassifier(max_iter=1, max_depth=2).fit(X, y),
    "neighbors": neighbors.KNeighborsClassifier(algorithm="kd_tree").fit(X, y),
    "balls": neighbors.KNeighborsClassifier(algorithm="ball_tree").fit(X, y),
    "bayes": naive_bayes.GaussianNB().fit(X, y),
    "network": neural_network.MLPClassifier((3,), max_iter=5).fit(X, y),
    "means": cluster.KMeans(2, n_init=1).fit(X),
    "components": decomposition.PCA(2).fit(X),
    "process": gaussian_process.GaussianProcessRegressor().fit(X[:5], y[:5]),
    "pipeline": pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.LinearRegression()).fit(X, y),
    "logarithm": preprocessing.FunctionTransformer(numpy.log1p),
    "words": feature_extraction.text.TfidfVectorizer().fit(["a cat sat", "a dog ran"]),
}
for name, model in models.items():
    (out / f"{name}.pkl").write_bytes(pickle.dumps(model))
    joblib.dump(model, out / f"{name}.joblib")
joblib.dump(models["svc"], out / "svc.joblib.gz", compress=("gzip", 3))
joblib.dump(models["svc"], out / "svc.joblib.z", compress=("zlib", 3))
joblib.dump(models["svc"], out / "svc.joblib.bz2", compress=("bz2", 3))
joblib.dump(models["svc"], out / "svc.joblib.xz", compress=("xz", 3))
joblib.dump(models["svc"], out / "svc.joblib.lzma", compress=("lzma", 3))
joblib.dump({"objects": numpy.array(["a", None, 3], dtype=object), "after": numpy.arange(5)}, out / "objects.joblib")
joblib.dump(numpy.zeros(3, [("a", "<i4"), ("b", "<f8")]), out / "records.joblib")
skops.io.dump(models["logistic"], out / "logistic.skops")

plain = {"a": [1, 2.5, "x", b"y", None, True], "d": datetime.datetime(2020, 1, 2), "s": {1, 2}, "l": 2**100,
         "o": collections.OrderedDict(a=1), "c": collections.Counter("aab"), "dd": collections.defaultdict(list)}
for protocol in range(6):
    (out / f"plain{protocol}.pkl").write_bytes(pickle.dumps(plain, protocol))
    (out / f"array{protocol}.pkl").write_bytes(pickle.dumps(numpy.arange(6.0).reshape(2, 3), protocol))
(out / "random.pkl").write_bytes(pickle.dumps([numpy.random.RandomState(0), numpy.random.default_rng(0)]))
(out / "scalars.pkl").write_bytes(pickle.dumps([numpy.float64(1), numpy.int8(2), numpy.dtype("f4"), numpy.ma.array([1, 2])]))
frame = pandas.DataFrame({"a": [1, 2], "b": ["x", "y"], "t": pandas.to_datetime(["2020-01-01", "2020-01-02"])})
(out / "frame.pkl").write_bytes(pickle.dumps(frame))
(out / "frame.pkl.gz").write_bytes(gzip.compress(pickle.dumps(frame)))
(out / "series.pkl").write_bytes(pickle.dumps(pandas.Series([1.0, 2.0], name="s")))
numpy.save(out / "float.npy", numpy.arange(6.0))
numpy.save(out / "text.npy", numpy.array(["a", "bc"]))
numpy.save(out / "objects.npy", numpy.array(["a", None], dtype=object))
numpy.save(out / "records.npy", numpy.zeros(3, [("a", "<i4"), ("b", "<f8", (2,))]))
numpy.savez(out / "arrays.npz", a=numpy.arange(3), b=numpy.ones(2))
numpy.savez_compressed(out / "packed.npz", a=numpy.zeros(1000), b=numpy.array([None], dtype=object))
safetensors.numpy.save_file({"w": numpy.ones((2, 3), numpy.float32), "b": numpy.zeros(0)}, out / "w.safetensors", {"k": "v"})
writer = gguf.GGUFWriter(out / "w.gguf", "llama")
writer.add_chat_template("{% for m in messages %}{{ m['content'] | trim }}{% endfor %}")
writer.add_array("tokenizer.ggml.tokens", ["a", "b"])
writer.add_tensor("w", numpy.ones((4, 8), numpy.float32))
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
value = onnx.helper.make_tensor_value_info
graph = onnx.helper.make_graph([onnx.helper.make_node("Add", ["x", "w"], ["y"])], "g", [value("x", 1, [2])], [value("y", 1, [2])],
                               [onnx.numpy_helper.from_array(numpy.ones(2, numpy.float32), "w")])
onnx.save(onnx.helper.make_model(graph), out / "add.onnx")
with h5py.File(out / "weights.h5", "w") as file:
    file["layer/kernel"] = numpy.ones((2, 3))
    file.attrs["model_config"] = '{"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense", "config": {"units": 1}}]}}'
(out / "README.md").write_text("# A model\n\nDo not call os.system('rm') or pickle.loads here.\n")
(out / "config.json").write_text('{"model_type": "bert", "hidden_size": 8}\n')
(out / "environment.yaml").write_text("name: x\ndependencies:\n  - numpy\n")
