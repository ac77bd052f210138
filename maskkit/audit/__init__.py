"""What would hurt in a folder of photos: damaged files, copies, odd pictures, and shortcuts that let a network cheat. Taught in notebook 01.

Each file is opened once and measured (`measure`), copies are paired (`copies`), the classes are guessed from what must not matter
(`shortcuts`), the limits (`thresholds`) turn numbers into sentences (`findings`), and a page shows them with pictures (`page`).
"""

from maskkit.audit.findings import Finding
from maskkit.audit.page import write_page
from maskkit.audit.report import Report, as_text, audit_folder, finding_text

__all__ = ["Finding", "Report", "as_text", "audit_folder", "finding_text", "write_page"]
