"""Files that people upload: the bytes on a volume, what is known of them in the database."""

from __future__ import annotations

import hashlib
import os
import re
import uuid
from urllib.parse import quote

from changemaker.app import App
from changemaker.web import Answer, RefusalError, Request, Router

CHUNK = 64 * 1024


def add_routes(router: Router, app: App) -> None:
    """Register uploading, listing and downloading."""
    router.add("POST", "/api/uploads", lambda request: upload(app, request))
    router.add("GET", "/api/uploads", lambda request: listing(app, request))
    router.add("GET", "/api/uploads/{id}", lambda request, id: download(app, request, id))


def upload(app: App, request: Request) -> Answer:
    """Store the body as a file; its name comes in the header X-File-Name."""
    user = app.user(request)
    length = request.body.length
    if length <= 0:
        raise RefusalError(411, "an upload needs a length and a body")
    if length > app.settings.upload_limit:
        raise RefusalError(413, "the upload is too large")
    name = re.sub(r"[^\w. -]", "_", request.headers.get("X-File-Name", "upload"))[:200]
    identity = str(uuid.uuid4())
    target = app.settings.uploads / identity
    partial = target.with_suffix(".partial")
    digest, received = hashlib.sha256(), 0
    try:
        with partial.open("xb") as file:
            while chunk := request.body.read(CHUNK):
                digest.update(chunk)
                file.write(chunk)
                received += len(chunk)
            if received != length:
                raise RefusalError(400, "the upload ended early")
            file.flush()
            os.fsync(file.fileno())
        # The file is complete before its row is there: every row has its file.
        partial.rename(target)
        row = app.database.row(
            "INSERT INTO uploads (id, file_name, content_type, size_bytes, sha256, user_id)"
            " VALUES (%s, %s, %s, %s, %s, %s) RETURNING id, file_name, size_bytes, sha256",
            (
                identity,
                name,
                request.headers.get("Content-Type", "application/octet-stream")[:100],
                length,
                digest.hexdigest(),
                user["id"],
            ),
        )
    except BaseException:
        partial.unlink(missing_ok=True)
        target.unlink(missing_ok=True)
        raise
    return Answer(row, status=201)


def listing(app: App, request: Request) -> Answer:
    """What is known of all uploads."""
    app.user(request)
    query = "SELECT id, file_name, content_type, size_bytes, sha256, created_at FROM uploads"
    return Answer({"uploads": app.database.rows(f"{query} ORDER BY created_at, id")})


def download(app: App, request: Request, id: str) -> Answer:
    """The bytes of one upload."""
    app.user(request)
    row = app.database.row("SELECT id, file_name, size_bytes FROM uploads WHERE id = %s", (id,))
    if row is None:
        raise RefusalError(404, "there is no such upload")
    try:
        file = (app.settings.uploads / row["id"]).open("rb")
    except FileNotFoundError:
        raise RefusalError(410, "the file of this upload is gone") from None
    headers = {
        "Content-Length": str(row["size_bytes"]),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(row['file_name'])}",
    }
    return Answer(file=file, type="application/octet-stream", headers=headers)
