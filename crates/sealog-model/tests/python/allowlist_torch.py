"""Prints the allowlist of torch's own modules. Usage: allowlist_torch.py > src/scan/allow/torch_modules.txt

Their state is attributes: parameters, buffers, numbers, and functions that are judged where they are imported.
"""

import importlib
import inspect
import pkgutil

import torch

# Names of modules of earlier versions, which pickles of that time still have.
EARLIER = [("torch.nn.modules.linear", "_LinearWithBias")]


def main():
    entries = set(EARLIER)
    for found in pkgutil.walk_packages(torch.nn.modules.__path__, "torch.nn.modules."):
        module = importlib.import_module(found.name)
        for name, item in vars(module).items():
            if inspect.isclass(item) and item.__module__ == found.name and issubclass(item, torch.nn.Module):
                entries.add((found.name, name))
    for module, name in sorted(entries):
        print("class", module, name)


main()
