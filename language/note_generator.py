"""A sequence-to-sequence or causal checkpoint by path that proposes sentences; what it proposes must be supported.

It is never trusted: note_drafting asks `supported` about each of its sentences and drops the rest, with a count.
"""

import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from language.note_values import NoteFormat, Turn
from language.sentences import sentence_spans

MAX_INPUT_TOKENS = 1024
MAX_NEW_TOKENS = 256
TURNS_PER_BATCH = 24


class GeneratorUnavailable(RuntimeError):
    """There is no checkpoint of a kind this can run at the path."""


class Generator:
    """A loaded checkpoint; greedy decoding, so the same session gives the same proposals."""

    def __init__(self, path: Path, max_new_tokens: int = MAX_NEW_TOKENS) -> None:
        from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer
        from transformers.utils import logging

        if not (path / "config.json").is_file():
            raise GeneratorUnavailable("the path holds no checkpoint with a config.json")
        logging.disable_progress_bar()
        self._reads_and_writes = bool(AutoConfig.from_pretrained(path, local_files_only=True).is_encoder_decoder)
        kind = AutoModelForSeq2SeqLM if self._reads_and_writes else AutoModelForCausalLM
        self._tokenizer: Any = AutoTokenizer.from_pretrained(path, local_files_only=True, padding_side="left")
        self._network: Any = kind.from_pretrained(path, local_files_only=True).eval()
        self._max_new_tokens = max_new_tokens
        self._running = threading.Lock()
        if self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token

    def proposals(self, turns: Sequence[Turn], format: NoteFormat) -> list[str]:
        """Sentences for the session, in order, as the checkpoint writes them; nothing here is checked."""
        import torch

        prompts = [
            prompt(turns[start : start + TURNS_PER_BATCH], format) for start in range(0, len(turns), TURNS_PER_BATCH)
        ]
        if not prompts:
            return []
        with self._running, torch.inference_mode():
            inputs = self._tokenizer(
                prompts, return_tensors="pt", padding=True, truncation=True, max_length=self._longest_input()
            )
            inputs.pop("token_type_ids", None)
            written = self._network.generate(
                **inputs,
                max_new_tokens=self._max_new_tokens,
                do_sample=False,
                num_beams=1,
                pad_token_id=self._tokenizer.pad_token_id,
            )
        if not self._reads_and_writes:
            written = written[:, inputs["input_ids"].shape[1] :]
        texts = self._tokenizer.batch_decode(written, skip_special_tokens=True)
        return [sentence for text in texts for sentence in _sentences(text)]

    def _longest_input(self) -> int:
        config = self._network.config
        places = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None)
        if places is None:
            return MAX_INPUT_TOKENS
        room = places if self._reads_and_writes else places - self._max_new_tokens
        return max(1, min(MAX_INPUT_TOKENS, room))


def prompt(turns: Sequence[Turn], format: NoteFormat) -> str:
    """What a checkpoint is given: the turns, each with who speaks, and which note is wanted."""
    talk = "\n".join(f"{turn.role.value}: {turn.text}" for turn in turns)
    return f"Summarise this session as sentences of a {format.value} note.\n{talk}\nNote:\n"


def _sentences(text: str) -> list[str]:
    return [re.sub(r"\s+", " ", text[start:end]).strip() for start, end in sentence_spans(text)]
