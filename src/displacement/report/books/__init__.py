"""The workbook: needs, gap and trucks as formulas on people, stock and assumptions."""
