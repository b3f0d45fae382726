"""Writes more of the benign corpus, by libraries that the tests do not install. Usage: benign_estimators.py DIRECTORY

Needs numpy, scikit-learn, pandas, xgboost, lightgbm, imbalanced-learn, category_encoders. Nothing is loaded here.
"""

import pathlib
import pickle
import sys

import category_encoders
import lightgbm
import pandas
import xgboost
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

out = pathlib.Path(sys.argv[1])
X, y = load_iris(return_X_y=True)
X, y = X[::3], y[::3]
frame = pandas.DataFrame({"a": X[:, 0], "b": ["x", "y"] * 25})

models = {
    "xgboost": xgboost.XGBClassifier(n_estimators=1, max_depth=1).fit(X, y),
    "xgboost-booster": xgboost.train({"max_depth": 1}, xgboost.DMatrix(X, y), 1),
    "lightgbm": lightgbm.LGBMClassifier(n_estimators=1, num_leaves=3, verbose=-1).fit(X, y),
    "imbalanced": make_pipeline(SMOTE(k_neighbors=2), LogisticRegression()).fit(X, y),
    "encoder": category_encoders.TargetEncoder().fit(frame, y),
}
for name, model in models.items():
    (out / f"{name}.pkl").write_bytes(pickle.dumps(model))
