"""Prints the allowlist of scikit-learn, made from the library itself: its estimators and what their state is made of.

Usage: allowlist.py > src/scan/allow/sklearn.txt
The names of versions before 0.22 are derived from those of today, where only the module's underscore is new.
"""

import importlib
import inspect
import pkgutil

import sklearn
from sklearn.base import BaseEstimator

CALLED = {
    ("sklearn.tree._tree", "Tree"): "allowed",
    ("sklearn.utils._bunch", "Bunch"): "data",
}
PARTS = (
    "sklearn._loss", "sklearn.tree._tree", "sklearn.tree._classes", "sklearn.neighbors._kd_tree",
    "sklearn.neighbors._ball_tree", "sklearn.metrics._dist_metrics", "sklearn.metrics._scorer",
    "sklearn.ensemble._hist_gradient_boosting", "sklearn.ensemble._gb_losses", "sklearn.linear_model._sgd_fast",
    "sklearn.calibration", "sklearn.gaussian_process.kernels", "sklearn.ensemble._gb", "sklearn.utils._bunch",
    "sklearn.utils._metadata_requests", "sklearn.model_selection._split", "sklearn.cluster._bisect_k_means",
    "sklearn.preprocessing._label", "sklearn.covariance", "sklearn.cluster._birch",
)
# Functions that estimators keep as an attribute; a pickle may mention them and not call them.
KEPT = (
    ("sklearn.cluster._kmeans", "_kmeans_single_elkan"),
    ("sklearn.cluster._kmeans", "_kmeans_single_lloyd"),
)
# Classes that are no estimators and that estimators keep.
KEPT_CLASSES = (
    ("sklearn.compose._column_transformer", "make_column_selector"),
    ("sklearn.impute._iterative", "_ImputerTriplet"),
)


def main():
    entries = {}
    for found in pkgutil.walk_packages(sklearn.__path__, "sklearn."):
        parts = found.name.split(".")
        if {"tests", "externals", "_build_utils", "conftest", "experimental", "datasets"} & set(parts):
            continue
        try:
            module = importlib.import_module(found.name)
        except Exception:
            continue
        for name, item in vars(module).items():
            if getattr(item, "__module__", None) != found.name:
                continue
            wanted = inspect.isclass(item) and not issubclass(item, BaseException) and (
                issubclass(item, BaseEstimator) or found.name.startswith(PARTS))
            if wanted:
                entries[found.name, name] = "class"
            elif name.startswith("__pyx_unpickle_") or (
                    name.startswith("newObj") and found.name.startswith("sklearn.neighbors")):
                entries[found.name, name] = "call:allowed"
            elif found.name.startswith("sklearn.metrics.") and inspect.isfunction(item) and not name.startswith("_"):
                entries[found.name, name] = "name"
            elif found.name == "sklearn.feature_selection._univariate_selection" and inspect.isfunction(item):
                entries[found.name, name] = "name"
    # Cython's classes reduce to a call of themselves with constants.
    for (module, name), what in list(entries.items()):
        if what == "class" and module.startswith(("sklearn._loss", "sklearn.linear_model._sgd_fast",
                                                   "sklearn.metrics._dist_metrics", "sklearn.tree._")):
            entries[module, name] = "class+call:" + CALLED.get((module, name), "data")
    entries |= dict.fromkeys(KEPT, "name")
    kept_classes = dict.fromkeys(KEPT_CLASSES, "class")
    for key, condition in CALLED.items():
        entries[key] = "class+call:" + condition
    for (module, name), what in list(entries.items()):
        parts = module.split(".")
        if what == "class" and len(parts) == 3 and parts[2].startswith("_"):
            entries.setdefault((f"sklearn.{parts[1]}.{parts[2][1:]}", name), "class")
    old = {"forest": "_forest", "tree": "_classes", "label": "_label", "data": "_data", "base": "_base"}
    for (module, name), what in list(entries.items()):
        for before, now in old.items():
            if module.endswith("." + now) and module.count(".") == 2 and what.startswith("class"):
                entries.setdefault((module.rsplit(".", 1)[0] + "." + before, name), what)
    entries["sklearn.tree._tree", "Tree"] = "class+call:allowed"
    entries["sklearn.utils", "Bunch"] = "class+call:data"
    for (module, name), what in sorted((entries | kept_classes).items()):
        print(what, module, name)


main()
