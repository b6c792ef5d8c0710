"""Devices that networks run on."""


class DeviceError(ValueError):
    """A device that torch cannot use here; the message says why."""


def check_device(device: str) -> None:
    """Refuse a device that does not work, before anything takes long.

    Raises:
        DeviceError: it is unknown, or not on this machine.
    """
    import torch

    try:
        torch.zeros(1, device=device).cpu()  # `meta` holds no values
    except (RuntimeError, AssertionError, ImportError, AttributeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DeviceError(f"--device {device} cannot be used here ({reason}); leave it out for cpu") from error
