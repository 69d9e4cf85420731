"""Aid: people by zone and day in, quantities of aid items out.

Works the same on modelled and on observed people. The room opens no file: whoever reads
``standards.yaml`` hands over the parsed mapping.

- ``assumptions``: the shape of an aid item, and who the displaced are (light to import)
- ``catalogue``: layers of standards resolved into one catalogue, every number traceable
- ``demand``: people times items
"""
