"""Benchmark rows and rows to embed, made by chance."""

from __future__ import annotations

from collections.abc import Sequence

from tests.records.compiled.random_rows import FILES, Writer
from ugembed.records.checking.explain import RowKind

ENDINGS = (".jpg", ".JPG", ".jpg.", ".jpg/", "/.jpg", "..jpeg", ".tIfF", ".jpgs", "jpg", ". jpg", ".webp/.", ".", "/")


class CaseWriter(Writer):
    """Benchmark rows."""

    def fields(self) -> list[tuple[str, str]]:
        images, graphs = self.random.choice((0, 1, 1, 1, 2)), self.random.choice((0, 0, 0, 1, 1, 2))
        answers = self._pictures() if self.random.random() < 0.5 else self._texts()
        found = [*self.shared(images, graphs), *answers]
        others = ("city", "ünknown", "label", "positive_images", "text")
        return self.more(found, ("id", "query_type", "question_type"), others)

    def _texts(self) -> list[tuple[str, str]]:
        names = [self.text() for _ in range(self.random.choice((2, 3, 3, 5, 20)))]
        if self.random.random() < 0.5:
            names = [f"{name} {number}" for number, name in enumerate(names)]
        if self.random.random() < 0.1:
            names[0] += self.random.choice(ENDINGS)
        found = [("candidates", self.array([self.string(name) for name in names])), *self._truth(names)]
        found += self._maybe(0.1, "candidate_graphs", lambda: self.random.choice(("null", "[]", "[null, null]")))
        return found + self._maybe(0.05, "candidate_images", lambda: self.random.choice(("null", "[]")))

    def _pictures(self) -> list[tuple[str, str]]:
        names = self.random.sample(FILES[:3], self.random.choice((2, 2, 3)))
        if self.random.random() < 0.05:
            names[0] = self.random.choice((f"./{names[1]}", "linked.jpg", "missing.jpg", "x.jpg/", names[1]))
        choice = self.random.randrange(5)
        answers = names if choice < 4 else [self.text() for _ in names]
        found = [] if choice == 0 else [("candidates", self.array([self.string(name) for name in answers]))]
        found += self._truth(answers)
        if choice != 1:
            found.append(("candidate_images", self.beside(names)))
        if self.random.random() < 0.4:
            count = len(names) + (self.random.random() < 0.05)
            found.append(("candidate_graphs", self.beside(self.random.choices((*FILES[3:], ""), k=count))))
        return found

    def _truth(self, names: Sequence[str]) -> list[tuple[str, str]]:
        truth = self.random.choice(names) if self.random.random() < 0.95 else self.text()
        at = names.index(truth) if truth in names else 0
        rare = ("-1", "true", f'"{at}"', "1e0", "0.5", "-0")
        stated = ("null", f"{at}.0", self.random.choice(rare), *[str(at)] * 5)
        index = self._maybe(0.4, "ground_truth_idx", lambda: self.random.choice(stated))
        return [("ground_truth", self.string(truth)), *index]

    def beside(self, names: Sequence[str]) -> str:
        """A list with an entry for each name; an empty name is written as none."""
        values = [self.string(name) if name else self.random.choice(("null", "[]")) for name in names]
        odds = self.random.choice((0.0, 0.0, 0.3, 1.0))
        return self.array([f"[{value}]" if self.random.random() < odds else value for value in values])


class ItemWriter(Writer):
    """Rows to embed."""

    def fields(self) -> list[tuple[str, str]]:
        images, graphs = self.random.choice((0, 1, 1, 1, 2)), self.random.choice((0, 0, 0, 1, 1, 2))
        found = self.shared(images, graphs)
        if self.random.random() < 0.6:
            del found[0]
            tagged = self.query(images, graphs)
            text = self.random.choice((self.text(), tagged, "", " ", "Where?"))
            found += self._maybe(0.8, "text", lambda: self.random.choice((*[self.string(text)] * 6, "null", "3")))
        return self.more(found, ("id",), ("city", "ünknown", "label", "candidates", "text"))


WRITERS: dict[RowKind, type[Writer]] = {"training": Writer, "benchmark": CaseWriter, "embed": ItemWriter}
"""By kind of row."""
