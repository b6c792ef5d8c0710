"""The cards of data sets, and the published lists, are complete and agree with what can be imported."""

from urllib.parse import urlsplit

from datasets import catalogue, importing, lists, protocols


def test_every_data_set_that_can_be_imported_has_a_card_and_a_protocol() -> None:
    assert set(catalogue.CARDS) == set(importing.NAMES) - {"folder"} == set(protocols.DATASETS)
    assert all(name in protocols.names() for name in catalogue.CARDS)


def test_every_card_says_where_to_go_and_what_to_do() -> None:
    for name, card in catalogue.CARDS.items():
        assert urlsplit(card.page).scheme == "https" and urlsplit(card.page).netloc, name
        assert card.steps and all(card.steps) and card.title and card.citation and card.licence and card.holds, name


def test_every_list_has_one_address_at_one_commit_and_a_hash() -> None:
    assert len({one.name for one in lists.LISTS}) == len({one.place for one in lists.LISTS}) == len(lists.LISTS) == 28
    for one in lists.LISTS:
        assert len(one.sha256) == 64 and len(one.repository.commit) == 40 and 0 < one.size < 4_000_000, one.name
        assert one.url == f"https://raw.githubusercontent.com/{one.repository.name}/{one.repository.commit}/{one.path}"


def test_lists_that_protocols_follow_are_published() -> None:
    for name in protocols.names():
        protocol = protocols.get(name)
        assert {*protocol.lists, *protocol.or_lists} <= set(lists.BY_NAME), name
        assert all(lists.BY_NAME[one].dataset == protocol.dataset for one in protocol.lists), name
