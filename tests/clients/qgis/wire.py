"""What QGIS says while it works: the requests it really sends with the answers' status, and the warnings in its log."""

from qgis.core import Qgis, QgsApplication, QgsNetworkAccessManager, QgsNetworkReplyContent, QgsNetworkRequestParameters
from qgis.PyQt.QtNetwork import QNetworkRequest


class Wire:
    """Listens from its making on; `take` hands over what came since the last time."""

    def __init__(self):
        self.urls, self.refused, self.warnings = [], [], []
        network = QgsNetworkAccessManager.instance()
        network.setTimeout(30_000)
        # The manager of the main thread repeats what those of the worker threads say.
        network.requestAboutToBeCreated[QgsNetworkRequestParameters].connect(self.sent)
        network.finished[QgsNetworkReplyContent].connect(self.answered)
        QgsApplication.messageLog().messageReceived[str, str, Qgis.MessageLevel].connect(self.logged)

    def sent(self, parameters):
        self.urls.append(parameters.request().url().toString())

    def answered(self, reply):
        status = reply.attribute(QNetworkRequest.HttpStatusCodeAttribute)
        # A request that QGIS itself gave up has no status.
        if status is not None and status >= 400:
            self.refused.append(f"{status} {reply.request().url().toString()}")

    def logged(self, message, tag, level):
        # QGIS tells of its own folders too, which is no matter of the layer.
        if level in (Qgis.Warning, Qgis.Critical) and tag in ("WMS", "OAPIF", "WFS", "Network", "Vector Tiles", "Provider"):
            self.warnings.append(f"{tag}: {message}")

    def take(self):
        taken = {"urls": self.urls, "refused": self.refused, "warnings": self.warnings}
        self.urls, self.refused, self.warnings = [], [], []
        return taken
