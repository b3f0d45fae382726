"""Writes more of the benign corpus, by torch, which the tests do not install. Usage: benign_torch.py DIRECTORY

Nothing is loaded here.
"""

import pathlib
import sys

import torch
from torch import nn

out = pathlib.Path(sys.argv[1])
torch.manual_seed(0)
network = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.LayerNorm(3), nn.Linear(3, 1))
optimizer = torch.optim.AdamW(network.parameters())
network(torch.ones(1, 2)).sum().backward()
optimizer.step()
network.zero_grad()

values = {
    "state": network.state_dict(),
    # Read as a pickle, the archive's first line leads into the middle of its own pickle.
    "module": nn.Linear(2, 2),
    "attention": nn.TransformerEncoderLayer(2, 1, dim_feedforward=2),
    "checkpoint": {"model": network.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 1},
    # Numbers that begin as safetensors do, with the length of a header.
    "tokens": {"ids": torch.tensor([100, ord("{"), *range(40)])},
    "sparse": torch.eye(2).to_sparse(),
}
for name, value in values.items():
    torch.save(value, out / f"torch-{name}.pt")
