"""The emulated PCE's inventory: its objects, the collections that answer with them, and an invented fleet."""

from __future__ import annotations

from .collections import COLLECTIONS, Collection
from .fleet import fill, fill_company
from .inventory import Inventory
from .objects import IpList, Label, LabelGroup, Record, Rule, RuleSet, Service, Workload

__all__ = [
    "COLLECTIONS",
    "Collection",
    "Inventory",
    "IpList",
    "Label",
    "LabelGroup",
    "Record",
    "Rule",
    "RuleSet",
    "Service",
    "Workload",
    "fill",
    "fill_company",
]
