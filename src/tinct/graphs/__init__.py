"""The whole coloring as ONNX graphs, for programs in any language: everything between the network and the working size."""

from .catalog import graphs_of
from .writing import DESCRIPTION, write_graphs

__all__ = ["DESCRIPTION", "graphs_of", "write_graphs"]
