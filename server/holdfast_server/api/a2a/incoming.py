"""What clients send, in the words of A2A 1.0 or 0.3: one tolerant form reads both."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

Json = dict[str, Any]


def _given(value: Any) -> Any:
    """Protobuf clients send an empty string where others leave a field out."""
    return None if value == "" else value


Given = Annotated[str | None, BeforeValidator(_given)]


class File(BaseModel):
    """A file as 0.3 wraps it."""

    bytes: str | None = None
    uri: str | None = None
    mimeType: str | None = None
    name: str | None = None


class Part(BaseModel):
    """Text, data, or a file by content or address."""

    text: str | None = None
    data: Any = None
    raw: str | None = None
    url: str | None = None
    mediaType: str | None = None
    filename: str | None = None
    file: File | None = None

    @property
    def is_data(self) -> bool:
        """Whether it is a data part; its data may be null."""
        return "data" in self.model_fields_set

    @property
    def as_file(self) -> File | None:
        """The file, however it was sent."""
        if self.file is not None or (self.raw is None and self.url is None):
            return self.file
        return File(bytes=self.raw, uri=self.url, mimeType=self.mediaType, name=self.filename)


class Message(BaseModel):
    """What somebody says to an agent."""

    messageId: str = Field(min_length=1)
    parts: list[Part] = Field(min_length=1)
    contextId: Given = None
    taskId: Given = None

    @property
    def text(self) -> str | None:
        """All text, None when there is none."""
        said = [part.text for part in self.parts if part.text is not None]
        return "\n".join(said) if said else None

    @property
    def data(self) -> list[Any]:
        """The data of all data parts."""
        return [part.data for part in self.parts if part.is_data]

    @property
    def files(self) -> list[File]:
        """All files."""
        return [file for part in self.parts if (file := part.as_file) is not None]


class Configuration(BaseModel):
    """How the answer is wanted."""

    blocking: bool | None = None
    returnImmediately: bool = False
    historyLength: int | None = Field(default=None, ge=0)
    pushNotificationConfig: Json | None = None
    taskPushNotificationConfig: Json | None = None

    @property
    def waits(self) -> bool:
        """Whether the answer waits for the end of the run."""
        return not self.returnImmediately and self.blocking is not False

    @property
    def wants_push(self) -> bool:
        """Whether the client wants to be called back."""
        return bool(self.pushNotificationConfig or self.taskPushNotificationConfig)


class SendParams(BaseModel):
    """A message to send."""

    message: Message
    configuration: Configuration | None = None

    @property
    def wishes(self) -> Configuration:
        """The configuration, the default one when there is none."""
        return self.configuration or Configuration()


class TaskParams(BaseModel):
    """Which task."""

    id: str
    historyLength: int | None = Field(default=None, ge=0)
