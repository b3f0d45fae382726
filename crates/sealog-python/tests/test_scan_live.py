"""Files that the real libraries write here and now: the scanner finds all of them clean, and a call that is put into
the same objects malicious. Nothing is unpickled here.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import datetime
import decimal
import fractions
import importlib
import ipaddress
import itertools
import json
import math
import operator
import os
import pathlib
import pickle
import random
import re
import statistics
import subprocess
import sys
import types
import unittest
import uuid
import warnings
import zoneinfo
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

# What the libraries warn of while they write, old classes for example, is not what is asked here.
pytestmark = pytest.mark.filterwarnings("ignore")

PROTOCOLS = range(6)
# Fewer files than that are no test, whatever versions are installed.
FILES_MIN = 2_500

# Types of pandas that have a place for what is missing.
NULLABLE = ["boolean", "Float32", "Float64", *(f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64))]

# Curves of scipy through given points.
CURVES = [
    *["CubicSpline", "PchipInterpolator", "Akima1DInterpolator", "BarycentricInterpolator", "KroghInterpolator"],
    *["interp1d", "UnivariateSpline", "InterpolatedUnivariateSpline", "make_interp_spline"],
]
OFFSETS = ["MonthEnd", "MonthBegin", "BDay", "QuarterEnd", "Week", "YearBegin", "CustomBusinessDay", "BMonthEnd"]

# How far apart the times of an index are.
STEPS = ["D", "h", "min", "s", "ms", "W", "MS", "ME", "QS", "QE", "YS", "YE", "B", "BME", "SME", "15min"]

Writer = Callable[[Path], None]
WRITERS: list[tuple[str, str, Writer]] = []


def writer(library: str, what: str) -> Callable[[Writer], Writer]:
    def add(function: Writer) -> Writer:
        WRITERS.append((library, what, function))
        return function

    return add


def scan(path: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "sealog", "model", "scan", str(path), "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    report: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == {"clean": 0, "malicious": 1, "suspicious": 1, "undecided": 2}[report["verdict"]], done.stderr
    return report


def unfitted() -> list[Any]:
    numpy = importlib.import_module("numpy")
    from sklearn import (
        calibration,
        cluster,
        compose,
        covariance,
        cross_decomposition,
        decomposition,
        discriminant_analysis,
        dummy,
        ensemble,
        feature_selection,
        gaussian_process,
        impute,
        isotonic,
        kernel_approximation,
        kernel_ridge,
        linear_model,
        manifold,
        mixture,
        model_selection,
        multiclass,
        naive_bayes,
        neighbors,
        neural_network,
        pipeline,
        preprocessing,
        random_projection,
        semi_supervised,
        svm,
        tree,
    )

    return [
        *[linear_model.LinearRegression(), linear_model.Ridge(), linear_model.Lasso(), linear_model.ElasticNet()],
        *[linear_model.LogisticRegression(max_iter=300), linear_model.SGDClassifier(), linear_model.Perceptron()],
        *[linear_model.BayesianRidge(), linear_model.HuberRegressor(), linear_model.Lars(), linear_model.RidgeCV()],
        *[linear_model.PoissonRegressor(), linear_model.TweedieRegressor(power=1.5), linear_model.RANSACRegressor()],
        *[tree.DecisionTreeClassifier(), tree.DecisionTreeRegressor(), tree.ExtraTreeClassifier()],
        *[ensemble.RandomForestClassifier(3), ensemble.RandomForestRegressor(3), ensemble.ExtraTreesClassifier(3)],
        *[ensemble.GradientBoostingClassifier(n_estimators=2), ensemble.GradientBoostingRegressor(n_estimators=2)],
        ensemble.HistGradientBoostingClassifier(max_iter=2, early_stopping=False),
        ensemble.HistGradientBoostingRegressor(max_iter=2, early_stopping=False),
        *[ensemble.AdaBoostClassifier(n_estimators=2), ensemble.BaggingClassifier(n_estimators=2)],
        *[ensemble.IsolationForest(n_estimators=3), ensemble.RandomTreesEmbedding(3)],
        ensemble.VotingClassifier([("a", naive_bayes.GaussianNB()), ("b", tree.DecisionTreeClassifier())]),
        ensemble.StackingClassifier([("a", naive_bayes.GaussianNB())], tree.DecisionTreeClassifier(), cv=2),
        *[svm.SVC(), svm.SVR(), svm.NuSVC(nu=0.3), svm.LinearSVC(), svm.LinearSVR(), svm.OneClassSVM()],
        *[neighbors.KNeighborsClassifier(algorithm=kind) for kind in ("kd_tree",)],
        *[neighbors.KNeighborsRegressor(algorithm="ball_tree"), neighbors.NearestCentroid(), neighbors.KernelDensity()],
        *[neighbors.RadiusNeighborsRegressor(algorithm="brute"), neighbors.LocalOutlierFactor(novelty=True)],
        *[naive_bayes.GaussianNB(), naive_bayes.MultinomialNB(), naive_bayes.BernoulliNB(), naive_bayes.ComplementNB()],
        *[cluster.KMeans(2, n_init=1), cluster.MiniBatchKMeans(2, n_init=1), cluster.DBSCAN(), cluster.Birch()],
        *[cluster.AgglomerativeClustering(), cluster.MeanShift(), cluster.AffinityPropagation(), cluster.OPTICS()],
        *[cluster.HDBSCAN(copy=True), cluster.BisectingKMeans(2), cluster.BisectingKMeans(2, algorithm="elkan"), cluster.SpectralClustering(2)],
        *[decomposition.PCA(2), decomposition.TruncatedSVD(2), decomposition.NMF(2, max_iter=50), decomposition.FastICA(2)],
        *[decomposition.IncrementalPCA(2), decomposition.KernelPCA(2), decomposition.LatentDirichletAllocation(2, max_iter=1)],
        *[discriminant_analysis.LinearDiscriminantAnalysis(), discriminant_analysis.QuadraticDiscriminantAnalysis()],
        *[mixture.GaussianMixture(2), mixture.BayesianGaussianMixture(n_components=2, max_iter=20), manifold.Isomap()],
        *[gaussian_process.GaussianProcessClassifier(), gaussian_process.GaussianProcessRegressor()],
        gaussian_process.GaussianProcessRegressor(gaussian_process.kernels.RBF() + gaussian_process.kernels.WhiteKernel()),
        *[neural_network.MLPClassifier(hidden_layer_sizes=(4,), max_iter=5), neural_network.MLPRegressor(hidden_layer_sizes=(4,), max_iter=5)],
        *[neural_network.BernoulliRBM(2, n_iter=1), kernel_ridge.KernelRidge(), kernel_approximation.RBFSampler()],
        *[kernel_approximation.Nystroem(n_components=5), random_projection.GaussianRandomProjection(2)],
        *[cross_decomposition.PLSRegression(2), covariance.EllipticEnvelope(), covariance.LedoitWolf()],
        *[preprocessing.StandardScaler(), preprocessing.MinMaxScaler(), preprocessing.RobustScaler()],
        *[preprocessing.OneHotEncoder(), preprocessing.OrdinalEncoder(), preprocessing.PolynomialFeatures()],
        *[preprocessing.KBinsDiscretizer(3, quantile_method="averaged_inverted_cdf"), preprocessing.PowerTransformer()],
        *[preprocessing.QuantileTransformer(n_quantiles=10), preprocessing.SplineTransformer(), preprocessing.Normalizer()],
        *[preprocessing.TargetEncoder(cv=2), preprocessing.Binarizer(), preprocessing.MaxAbsScaler()],
        *[impute.SimpleImputer(), impute.KNNImputer(), impute.MissingIndicator()],
        *[feature_selection.SelectKBest(k=2), feature_selection.VarianceThreshold()],
        feature_selection.RFE(linear_model.Ridge(), n_features_to_select=2),
        *[multiclass.OneVsRestClassifier(naive_bayes.GaussianNB()), multiclass.OneVsOneClassifier(naive_bayes.GaussianNB())],
        *[calibration.CalibratedClassifierCV(naive_bayes.GaussianNB(), cv=2), dummy.DummyClassifier(), dummy.DummyRegressor()],
        calibration.CalibratedClassifierCV(naive_bayes.GaussianNB(), method="isotonic", cv=2),
        model_selection.GridSearchCV(svm.SVC(), {"C": [1, 2]}, cv=2),
        model_selection.RandomizedSearchCV(linear_model.Ridge(), {"alpha": [1.0, 2.0]}, n_iter=1, cv=2),
        *[semi_supervised.LabelPropagation(), semi_supervised.SelfTrainingClassifier(naive_bayes.GaussianNB())],
        pipeline.make_pipeline(preprocessing.StandardScaler(), decomposition.PCA(2), linear_model.LogisticRegression()),
        pipeline.make_union(preprocessing.StandardScaler(), decomposition.PCA(2)),
        compose.make_column_transformer((preprocessing.StandardScaler(), [0, 1]), remainder="passthrough"),
        compose.TransformedTargetRegressor(linear_model.Ridge(), transformer=preprocessing.StandardScaler()),
        isotonic.IsotonicRegression(),
        *[preprocessing.FunctionTransformer(function) for function in (numpy.log1p, numpy.expm1)],
        *experimental(),
    ]


def experimental() -> list[Any]:
    importlib.import_module("sklearn.experimental.enable_iterative_imputer")
    importlib.import_module("sklearn.experimental.enable_halving_search_cv")
    from sklearn import impute, linear_model, model_selection

    return [impute.IterativeImputer(), model_selection.HalvingGridSearchCV(linear_model.Ridge(), {"alpha": [1.0, 2.0]})]


def columns() -> list[Any]:
    """Estimators that are fitted on a table and choose its columns."""
    from sklearn.compose import ColumnTransformer, make_column_selector
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    pandas = importlib.import_module("pandas")
    table = pandas.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": ["x", "y", "x", "y"]})
    chosen = ColumnTransformer(
        [
            ("numbers", StandardScaler(), make_column_selector(dtype_include="number")),
            ("texts", OneHotEncoder(handle_unknown="ignore"), make_column_selector(pattern="b")),
        ]
    )
    return [chosen.fit(table), make_pipeline(chosen, RandomForestClassifier(3)).fit(table, [0, 1, 0, 1])]


def texts() -> list[Any]:
    from sklearn.feature_extraction import DictVectorizer, FeatureHasher
    from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
    from sklearn.naive_bayes import MultinomialNB
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import LabelBinarizer, LabelEncoder, MultiLabelBinarizer

    lines = ["a cat sat on a mat", "a dog ran", "größe – 日本", "os.system"]
    counts = CountVectorizer(ngram_range=(1, 2)).fit(lines)
    return [
        counts,
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3)).fit(lines),
        HashingVectorizer(n_features=64),
        TfidfTransformer().fit(counts.transform(lines)),
        DictVectorizer().fit([{"a": 1, "b": "x"}, {"a": 2}]),
        FeatureHasher(8),
        make_pipeline(TfidfVectorizer(stop_words="english"), MultinomialNB()).fit(lines, [0, 1, 0, 1]),
        LabelEncoder().fit(["x", "y"]),
        LabelBinarizer().fit(["x", "y", "z"]),
        MultiLabelBinarizer().fit([["x"], ["y", "z"]]),
    ]


_fitted: dict[str, Any] = {}


def fitted() -> dict[str, Any]:
    """Estimators by name, fitted once."""
    if _fitted:
        return _fitted
    from sklearn.datasets import load_iris

    X, y = load_iris(return_X_y=True)
    X, y = X[::3], y[::3]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        models = [one.fit(X[:, 0] if type(one).__name__ == "IsotonicRegression" else X, y) for one in unfitted()]
        models += texts() + columns()
    for model in models:
        name = type(model).__name__
        _fitted[name if name not in _fitted else f"{name}-{len(_fitted)}"] = model
    return _fitted


@writer("scikit-learn", "fitted estimators by pickle, protocols 0 to 5")
def estimators(folder: Path) -> None:
    for name, model in fitted().items():
        for protocol in PROTOCOLS:
            (folder / f"{name}.{protocol}.pkl").write_bytes(pickle.dumps(model, protocol))


@writer("scikit-learn", "every estimator that it has, as its own tests make it, protocols 0, 2, 4 and 5")
def every_estimator(folder: Path) -> None:
    from sklearn.datasets import load_iris
    from sklearn.utils import all_estimators
    from sklearn.utils._test_common.instance_generator import _construct_instances

    X, y = load_iris(return_X_y=True)
    X, y = X[::3], y[::3]
    sets = [(X, y), (X > 2, y), (X[:, 0], y), (X, numpy_columns(y)), (["a cat", "a dog"] * 25, y), ([{"a": 1}] * 50, y)]
    kinds, fitted_ones = 0, 0
    for name, kind in all_estimators():
        try:
            models = list(_construct_instances(kind))
        except unittest.SkipTest:
            # What wraps an estimator that was given to it; most of them are written above.
            continue
        kinds += 1
        for at, model in enumerate(models):
            for given, wanted in sets:
                # Not each takes each; what takes none is written as it was made.
                with contextlib.suppress(Exception):
                    model.fit(given, wanted)
                    fitted_ones += 1
                    break
            for protocol in (0, 2, 4, 5):
                (folder / f"{name}-{at}.{protocol}.pkl").write_bytes(pickle.dumps(model, protocol))
    assert kinds >= 150
    assert fitted_ones >= 150, "what no data fitted shows less of an estimator"


def numpy_columns(y: Any) -> Any:
    return importlib.import_module("numpy").c_[y == 0, y == 1].astype(int)


@writer("scikit-learn", "functions and selectors that models keep")
def functions(folder: Path) -> None:
    numpy = importlib.import_module("numpy")
    special = importlib.import_module("scipy.special")
    distance = importlib.import_module("scipy.spatial.distance")
    from sklearn import compose, feature_selection, metrics, model_selection, preprocessing
    from sklearn.neighbors import KNeighborsClassifier

    names = "log1p sqrt exp abs clip round argmax cumsum diff zeros_like squeeze asarray array ravel reshape std max"
    kept = [getattr(numpy, name) for name in names.split()]
    kept += [special.expit, special.logit, special.boxcox1p]
    values: list[Any] = [preprocessing.FunctionTransformer(function) for function in kept]
    values += [KNeighborsClassifier(metric=metric) for metric in (distance.euclidean, distance.cosine)]
    values += [feature_selection.SelectKBest(feature_selection.mutual_info_classif)]
    values += [compose.make_column_selector(dtype_include=numpy.number), model_selection.ParameterGrid({"a": [1]})]
    values += [metrics.get_scorer(name) for name in metrics.get_scorer_names()]
    for at, value in enumerate(values):
        for protocol in PROTOCOLS:
            (folder / f"{at}.{protocol}.pkl").write_bytes(pickle.dumps(value, protocol))


@writer("scikit-learn", "estimators that keep functions which skops does not take, by pickle and joblib")
def with_functions(folder: Path) -> None:
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.preprocessing import FunctionTransformer

    joblib, numpy = importlib.import_module("joblib"), importlib.import_module("numpy")
    models = {
        "words": CountVectorizer(preprocessor=str.lower, tokenizer=str.split, token_pattern=None).fit(["a b", "c"]),
        "item": FunctionTransformer(operator.itemgetter("a")),
        "clip": FunctionTransformer(numpy.clip, kw_args={"a_min": 0, "a_max": 1}),
        "norm": FunctionTransformer(numpy.linalg.norm, kw_args={"axis": 1}),
    }
    for name, model in models.items():
        for protocol in PROTOCOLS:
            (folder / f"{name}.{protocol}.pkl").write_bytes(pickle.dumps(model, protocol))
        joblib.dump(model, folder / f"{name}.joblib")


def compressions() -> list[Any]:
    """Each compression that joblib has here; lz4 needs a package of its own."""
    joblib = importlib.import_module("joblib")
    try:
        import lz4  # noqa: F401
    except ImportError:
        return sorted(set(joblib.compressor._COMPRESSORS) - {"lz4"})
    return sorted(joblib.compressor._COMPRESSORS)


@writer("joblib", "fitted estimators, plain")
def dumped(folder: Path) -> None:
    joblib = importlib.import_module("joblib")
    for name, model in fitted().items():
        joblib.dump(model, folder / f"{name}.joblib")


@writer("joblib", "each compression (zlib, gzip, bz2, lzma, xz, lz4)")
def compressed(folder: Path) -> None:
    joblib = importlib.import_module("joblib")
    chosen = ["SVC", "RandomForestClassifier", "Pipeline", "TfidfVectorizer", "HistGradientBoostingClassifier"]
    for kind in compressions():
        for name in chosen:
            joblib.dump(fitted()[name], folder / f"{name}.joblib.{kind}", compress=(kind, 3))


@writer("joblib", "arrays, protocols 2 to 5")
def dumped_arrays(folder: Path) -> None:
    joblib = importlib.import_module("joblib")
    for name, array in arrays().items():
        for protocol in PROTOCOLS[2:]:
            joblib.dump({"a": array, "b": [array]}, folder / f"{name}.{protocol}.joblib", protocol=protocol)


def arrays() -> dict[str, Any]:
    numpy = importlib.import_module("numpy")
    kinds = ["bool", "u1", "i2", "<f2", ">f4", "<f8", "c16", "U5", "S3", "M8[ns]", "m8[D]"]
    found = {f"kind-{kind.strip('<>').replace('[', '-').rstrip(']')}": numpy.zeros((2, 3), kind) for kind in kinds}
    record = [("a", "<i4"), ("b", "<f8", (2,)), ("c", [("d", "S4")])]
    return found | {
        "record": numpy.zeros(3, record),
        "fortran": numpy.asfortranarray(numpy.ones((3, 4))),
        "view": numpy.arange(24.0).reshape(4, 6)[::2, ::3],
        "scalar": numpy.ones(()),
        "empty": numpy.ones((0, 4)),
        "random": numpy.random.default_rng(1).normal(size=(40, 40)),
    }


@writer("numpy", ".npy, plain, structured, of objects")
def npy(folder: Path) -> None:
    numpy = importlib.import_module("numpy")
    for name, array in arrays().items():
        numpy.save(folder / f"{name}.npy", array)
    numpy.save(folder / "objects.npy", numpy.array(["a", None, 3], dtype=object))


@writer("numpy", ".npz, stored and compressed")
def npz(folder: Path) -> None:
    numpy = importlib.import_module("numpy")
    for name, save in (("stored", numpy.savez), ("compressed", numpy.savez_compressed)):
        save(folder / f"{name}.npz", **arrays())
        save(folder / f"{name}-one.npz", numpy.arange(1000))
        save(folder / f"{name}-objects.npz", objects=numpy.array([{"a": 1}, None], dtype=object))


@writer("numpy", "arrays, scalars and generators by pickle, protocols 0 to 5")
def pickled_arrays(folder: Path) -> None:
    numpy = importlib.import_module("numpy")
    values = arrays() | {
        "numbers": [numpy.float64(1), numpy.int8(2), numpy.bool_(True), numpy.datetime64("2020-01-01")],
        "types": [numpy.dtype("f4"), numpy.dtype([("a", "i4")]), numpy.float32, numpy.add],
        "masked": numpy.ma.array([1, 2], mask=[True, False]),
        "matrix": numpy.asmatrix([[1, 2]]),
        "generators": [numpy.random.RandomState(0), numpy.random.default_rng(0)],
        "records": numpy.rec.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
        "texts": numpy.array(["a", "bb"], dtype=numpy.dtypes.StringDType()),
        "characters": numpy.char.array(["a", "b"]),
        "polynomials": [numpy.poly1d([1, 2]), numpy.polynomial.Hermite([1]), numpy.polynomial.Laguerre([1])],
        "results": [numpy.linalg.svd(numpy.eye(2)), numpy.linalg.eigh(numpy.eye(2)), numpy.linalg.qr(numpy.eye(2))],
    }
    for name, value in values.items():
        for protocol in PROTOCOLS:
            (folder / f"{name}.{protocol}.pkl").write_bytes(pickle.dumps(value, protocol))


@writer("Python", "values of the standard library by pickle, protocols 0 to 5")
def plain(folder: Path) -> None:
    moment = datetime.datetime(2020, 1, 2, 3, 4, tzinfo=datetime.timezone.utc)
    value = {
        "a": [1, 2.5, "x\ny", b"y\0", None, True, 2**100, -1, (), {1, 2}, frozenset("a"), bytearray(b"z"), 1j, range(3)],
        "times": [moment, moment.date(), moment.time(), datetime.timedelta(1)],
        "numbers": [decimal.Decimal("1.5"), fractions.Fraction(1, 3), uuid.UUID(int=1)],
        "collections": [collections.OrderedDict(a=1), collections.Counter("aab"), collections.deque([1], 3)],
        "default": collections.defaultdict(list, a=[1]),
        "defaults": [collections.defaultdict(collections.OrderedDict), collections.defaultdict(collections.Counter)],
        "user": [collections.UserDict(a=1), collections.UserList([1]), collections.UserString("a")],
        "chain": collections.ChainMap({"a": 1}, {"b": 2}),
        "options": [argparse.Namespace(lr=0.1, epochs=3), types.SimpleNamespace(a=1)],
        "paths": [pathlib.PurePosixPath("/a"), pathlib.Path("a"), pathlib.PureWindowsPath("c:/a")],
        "zones": [zoneinfo.ZoneInfo("Europe/Berlin"), moment.astimezone(zoneinfo.ZoneInfo("UTC"))],
        "addresses": [ipaddress.ip_address("127.0.0.1"), ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_interface("::1/64")],
        "patterns": [re.compile("a+", re.IGNORECASE), statistics.NormalDist(0, 1), random.Random(1), itertools.count(3)],
        "functions": [str.lower, str.split, math.log, math.sqrt, statistics.mean, any, all, operator.itemgetter("a", "b")],
        "errors": [ValueError("x"), KeyError("y")],
    }
    for name, part in value.items():
        for protocol in PROTOCOLS:
            (folder / f"{name}.{protocol}.pkl").write_bytes(pickle.dumps(part, protocol))


@writer("pandas", "frames and series by pickle, protocols 0 to 5, and by to_pickle")
def frames(folder: Path) -> None:
    pandas = importlib.import_module("pandas")
    times = pandas.to_datetime(["2020-01-01", "2020-01-02"])
    columns = {"a": [1, 2], "b": ["x", "y"], "t": times, "c": pandas.Categorical(["u", "v"])}
    values = {
        "frame": pandas.DataFrame(columns),
        "zones": pandas.DataFrame({"t": times.tz_localize("UTC"), "n": pandas.array([1, None], dtype="Int64")}),
        "levels": pandas.Series([1, 2], index=pandas.MultiIndex.from_tuples([("a", 1), ("b", 2)])),
        "series": pandas.Series([1.0, 2.0], name="s", index=times),
        "index": pandas.RangeIndex(5),
        "intervals": pandas.Series(pandas.interval_range(0, 2)),
        "interval": [pandas.Interval(0, 1), pandas.IntervalIndex.from_breaks([0.5, 1.5]), pandas.IntervalDtype("int64", "left")],
        "berlin": pandas.DataFrame({"t": times.tz_localize("Europe/Berlin")}),
        "periods": [pandas.Series(pandas.period_range("2020", periods=2, freq="M")), pandas.Period("2020-01"), pandas.PeriodDtype("D")],
        "period-index": pandas.period_range("2020", periods=2, freq="M"),
        "spans": [pandas.Series(pandas.to_timedelta([1, 2], "D")), pandas.TimedeltaIndex(["1 days"]), pandas.Timedelta("1D")],
        "sparse": [pandas.Series(pandas.arrays.SparseArray([0, 0, 1])), pandas.SparseDtype("float64", 0.0)],
        "missing": [pandas.NA, pandas.NaT, pandas.Series(["a", None], dtype="string")],
        "business": pandas.bdate_range("2020", periods=2),
        "offsets": [getattr(pandas.offsets, kind)() for kind in OFFSETS] + [pandas.DateOffset(months=1), pandas.offsets.Hour(2)],
        "plain": pandas.Series([1, 2]).array,
        "steps": [pandas.date_range("2020", periods=2, freq=step) for step in STEPS],
        "nullable": pandas.DataFrame({kind: pandas.array([1, None], dtype=kind) for kind in NULLABLE}),
    }
    for name, value in values.items():
        for protocol in PROTOCOLS:
            (folder / f"{name}.{protocol}.pkl").write_bytes(pickle.dumps(value, protocol))
    for ending in ("", ".gz", ".bz2", ".xz", ".zip", ".tar"):
        values["frame"].to_pickle(folder / f"to_pickle.pkl{ending}")


@writer("scipy", "sparse matrices and arrays by pickle, protocols 0 to 5, and by save_npz")
def sparse(folder: Path) -> None:
    numpy = importlib.import_module("numpy")
    library = importlib.import_module("scipy.sparse")
    dense = numpy.eye(4)
    for kind in ("csr", "csc", "coo", "bsr", "dia", "lil", "dok"):
        for form in ("matrix", "array"):
            value = getattr(library, f"{kind}_{form}")(dense)
            for protocol in PROTOCOLS:
                (folder / f"{kind}-{form}.{protocol}.pkl").write_bytes(pickle.dumps(value, protocol))
            if kind not in ("lil", "dok"):
                library.save_npz(folder / f"{kind}-{form}.npz", value)


@writer("scipy", "interpolators, bounds and densities by pickle, protocols 2 to 5")
def splines(folder: Path) -> None:
    numpy = importlib.import_module("numpy")
    interpolate, optimize, stats, special = (
        importlib.import_module(f"scipy.{name}") for name in ("interpolate", "optimize", "stats", "special")
    )
    at = numpy.arange(8.0)
    values = {kind: getattr(interpolate, kind)(at, at**2) for kind in CURVES}
    values |= {
        "grid": interpolate.RegularGridInterpolator((at, at), numpy.outer(at, at)),
        "basis": interpolate.RBFInterpolator(numpy.column_stack([at, at**2]), at),
        "optimum": [optimize.Bounds([0], [1]), optimize.LinearConstraint([[1]], 0, 1)],
        "found": optimize.minimize(lambda x: (x**2).sum(), [1.0, 2.0], method="L-BFGS-B"),
        "density": stats.gaussian_kde(at),
        "functions": [special.expit, special.logit],
    }
    for name, value in values.items():
        # Some of them have slots, which older protocols do not write.
        for protocol in PROTOCOLS[2:]:
            (folder / f"{name}.{protocol}.pkl").write_bytes(pickle.dumps(value, protocol))


@writer("safetensors", "tensors of many types, metadata, shards with an index")
def safetensors(folder: Path) -> None:
    numpy = importlib.import_module("numpy")
    library = importlib.import_module("safetensors.numpy")
    for kind in ("bool", "uint8", "int8", "int16", "float16", "int32", "float32", "float64", "int64"):
        library.save_file({f"layer.{kind}": numpy.ones((2, 3), kind)}, folder / f"{kind}.safetensors")
    library.save_file({}, folder / "nothing.safetensors", {"format": "np"})
    weights = {}
    for at in (1, 2):
        name = f"model-{at:05}-of-00002.safetensors"
        library.save_file({f"größe.{at}": numpy.ones((0, at)), f"w{at}": numpy.ones(at)}, folder / name, {"format": "np"})
        weights |= {f"größe.{at}": name, f"w{at}": name}
    index = {"metadata": {"total_size": 24}, "weight_map": weights}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


@writer("skops", "fitted estimators")
def skops(folder: Path) -> None:
    library = importlib.import_module("skops.io")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, model in fitted().items():
            # It does not know them all.
            with contextlib.suppress(library.exceptions.UnsupportedTypeException):
                (folder / f"{name}.skops").write_bytes(library.dumps(model))


@writer("onnx", "small graphs, and data beside the model")
def onnx(folder: Path) -> None:
    numpy = importlib.import_module("numpy")
    library = importlib.import_module("onnx")
    port, helper = library.helper.make_tensor_value_info, library.helper
    weights = library.numpy_helper.from_array(numpy.ones((64, 64), numpy.float32), "w")
    for kind in ("MatMul", "Add", "Mul", "Sub", "Div"):
        nodes = [helper.make_node(kind, ["x", "w"], ["h"]), helper.make_node("Relu", ["h"], ["y"])]
        graph = helper.make_graph(nodes, "g", [port("x", 1, ["n", 64])], [port("y", 1, ["n", 64])], [weights])
        library.save(helper.make_model(graph, producer_name="test"), folder / f"{kind}.onnx")
    model = library.load(folder / "MatMul.onnx")
    library.save(model, folder / "beside.onnx", save_as_external_data=True, location="beside.bin")


@writer("h5py", "datasets: plain, chunked, packed; and a Keras configuration")
def hdf5(folder: Path) -> None:
    numpy = importlib.import_module("numpy")
    library = importlib.import_module("h5py")
    options: dict[str, dict[str, Any]] = {
        "plain": {},
        "chunked": {"chunks": (2, 2)},
        "gzip": {"compression": "gzip"},
        "lzf": {"compression": "lzf"},
        "shuffled": {"compression": "gzip", "shuffle": True, "fletcher32": True},
        "growing": {"maxshape": (None, 3)},
    }
    for version in ("earliest", "latest"):
        for name, option in options.items():
            with library.File(folder / f"{name}-{version}.h5", "w", libver=version) as file:
                file.create_dataset("layer/kernel", data=numpy.ones((4, 3)), **option)
                file["layer/again"] = library.SoftLink("/layer/kernel")
                file["texts"] = ["a", "größe"]
                file.attrs["note"] = "x"
    layers = [{"class_name": "Dense", "config": {"name": "d", "units": 1, "activation": "relu"}}]
    with library.File(folder / "keras.h5", "w") as file:
        file["model_weights/d/kernel"] = numpy.ones((2, 3))
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": {"name": "s", "layers": layers}})


@writer("gguf", "float and quantised tensors, metadata, a chat template")
def gguf(folder: Path) -> None:
    numpy = importlib.import_module("numpy")
    library = importlib.import_module("gguf")
    template = "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] | trim }}{% endfor %}"
    for name in ("llama", "bert", "qwen2"):
        for kind in (library.GGMLQuantizationType.F32, library.GGMLQuantizationType.F16, library.GGMLQuantizationType.Q8_0):
            file = library.GGUFWriter(folder / f"{name}-{kind.name}.gguf", name)
            file.add_context_length(4096)
            file.add_chat_template(template)
            file.add_array("tokenizer.ggml.tokens", ["a", "b", "größe"])
            file.add_tensor("w", library.quantize(numpy.ones((4, 32), numpy.float32), kind), raw_dtype=kind)
            file.write_header_to_file()
            file.write_kv_data_to_file()
            file.write_tensors_to_file()
            file.close()


# The least that the stage installs: a library that is missing there would take its files away in silence.
REQUIRED = {"Python", "scikit-learn", "joblib", "numpy", "pandas", "scipy", "safetensors", "skops", "onnx", "h5py", "gguf"}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("live")
    for at, (library, _, write) in enumerate(WRITERS):
        folder = root / f"{at:02}-{library}"
        folder.mkdir()
        write(folder)
        assert any(folder.iterdir()), f"{library} wrote nothing"
    return root


def test_every_file_of_a_real_library_is_clean(written: Path) -> None:
    report = scan(written)
    flagged = []
    for file in report["files"]:
        if file["verdict"] != "clean":
            flagged += [f"{file['path']} {one['rule']}: {one['detail']}" for one in file["findings"]]
    assert not flagged, f"{len(flagged)} findings:\n" + "\n".join(flagged[:40])
    count = sum(1 for path in written.rglob("*") if path.is_file())
    assert len(report["files"]) == count
    assert count >= FILES_MIN
    assert {library for library, _, _ in WRITERS} == REQUIRED


class Harm:
    def __reduce__(self) -> Any:
        return (os.system, ("true",))


def test_a_call_put_into_the_same_objects_is_found(tmp_path: Path) -> None:
    joblib = importlib.import_module("joblib")
    for name, model in list(fitted().items())[::8]:
        for protocol in PROTOCOLS:
            (tmp_path / f"{name}.{protocol}.pkl").write_bytes(pickle.dumps({"model": model, "more": Harm()}, protocol))
        joblib.dump([model, Harm()], tmp_path / f"{name}.joblib")
        joblib.dump([model, Harm()], tmp_path / f"{name}.joblib.xz", compress=("xz", 3))
    report = scan(tmp_path)
    assert len(report["files"]) >= 40
    missed = [file["path"] for file in report["files"] if file["verdict"] != "malicious"]
    assert not missed
