"""Prints the allowlist of a library whose classes are estimators of scikit-learn.

Usage: allowlist_estimators.py LIBRARY > src/scan/allow/LIBRARY.txt
Only estimators that bring no way of being loaded with them: no `__setstate__` or `__reduce__` of their own.
"""

import importlib
import inspect
import pkgutil
import sys

from sklearn.base import BaseEstimator

OWN_WAYS = ("__setstate__", "__reduce__", "__reduce_ex__")
# What runs elsewhere, draws, or is no part of a model.
LEFT_OUT = {"tests", "testing", "dask", "spark", "plotting", "keras", "tensorflow", "datasets"}
# Looked at one by one: a trained model, which is given back to the library as text or bytes and parsed.
MODELS = {"lightgbm": [("lightgbm.basic", "Booster")], "xgboost": [("xgboost.core", "Booster")]}


def main(library):
    package = importlib.import_module(library)
    entries = set(MODELS.get(library, []))
    for found in pkgutil.walk_packages(package.__path__, library + "."):
        if LEFT_OUT & set(found.name.split(".")):
            continue
        try:
            module = importlib.import_module(found.name)
        except ImportError:
            continue
        for name, item in vars(module).items():
            if not (inspect.isclass(item) and item.__module__ == found.name and issubclass(item, BaseEstimator)):
                continue
            inside = [base for base in item.__mro__ if base.__module__.startswith(library)]
            if not any(way in vars(base) for base in inside for way in OWN_WAYS):
                entries.add((found.name, name))
    for module, name in sorted(entries):
        print("class", module, name)


main(sys.argv[1])
