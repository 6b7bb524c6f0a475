from setuptools import find_packages, setup

ROOMS = ("ontology", "mapping", "qa", "processing", "server")
PACKAGES = [name for room in ROOMS for name in (room, *(f"{room}.{sub}" for sub in find_packages(room)))]
setup(packages=[f"earthweave.{n}" for n in PACKAGES], package_dir={f"earthweave.{n}": n.replace(".", "/") for n in PACKAGES})
