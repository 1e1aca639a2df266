"""Mail sent to the sandbox arrives in its journal."""

import smtplib
from email.message import EmailMessage
from pathlib import Path

from sandbox.mail import MailPart
from sandbox.testing import running_sandbox


def test_a_mail_is_delivered_with_its_id_recipient_and_words(tmp_path: Path) -> None:
    mail = EmailMessage()
    mail["Message-ID"], mail["To"], mail["From"] = "<a1@console>", "cto@acme.example", "console@acme.example"
    mail["Subject"] = "D7: customers are affected"
    mail.set_content("The shop is being rolled back.\n.\nA line with a dot above.")
    with running_sandbox(tmp_path, parts=[MailPart()]) as sandbox:
        port = sandbox.client.get("/control/state").json()["mail"]["port"]
        with smtplib.SMTP("127.0.0.1", port, timeout=5) as smtp:
            smtp.send_message(mail)
        delivered = sandbox.await_entry("mail.delivered", key="<a1@console>")
    assert (delivered.detail["to"], delivered.detail["subject"]) == (mail["To"], mail["Subject"])
    assert delivered.detail["text"] == mail.get_content().rstrip("\n")
