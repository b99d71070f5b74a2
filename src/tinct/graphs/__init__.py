"""The whole coloring as ONNX graphs, for programs in any language: everything between the network and the working size."""

from .catalog import catalog
from .writing import DESCRIPTION, write_graphs

__all__ = ["DESCRIPTION", "catalog", "write_graphs"]
