"""Found by splunktaucclib under this name: the one way to check the tabs Proxy and Logging before they are saved."""

from __future__ import annotations

from illumio_pce_rest.settings import SettingsHooks as CustomHookMixin

__all__ = ["CustomHookMixin"]
