"""Published split lists and annotations that anyone may fetch: where they are, and their hashes.

All are files of public repositories at one commit each; sizes and hashes are of those commits. They are fetched and
not part of the package, since most may not be redistributed.
"""

from dataclasses import dataclass

HOST = "https://raw.githubusercontent.com"


@dataclass(frozen=True)
class Repository:
    """A repository at one commit, and the licence that it names."""

    name: str
    commit: str
    licence: str


@dataclass(frozen=True)
class List:
    """One file.

    Attributes:
        name: what protocols and messages call it.
        dataset: whose clips it lists.
        path: in the repository.
        size: in bytes.
        beside: where the importer reads it, inside the data set's folder; None where it is read from here.
    """

    name: str
    dataset: str
    repository: Repository
    path: str
    sha256: str
    size: int
    beside: str | None = None

    @property
    def url(self) -> str:
        """Where it is fetched from."""
        return f"{HOST}/{self.repository.name}/{self.repository.commit}/{self.path}"

    @property
    def place(self) -> str:
        """Its path in the folder of lists."""
        return f"{self.repository.name}/{self.path}"


_SSR = Repository("bit-ml/ssr-dfd", "6e2cd54524743414382d33c2801e7ed902d279bc", "CC BY-NC-SA 4.0")
_AVH = Repository("bit-ml/AVH-Align", "55401ded7d94a6ad59106c401696d89ce8d16faf", "CC BY-NC-SA 4.0")
_EXDDV = Repository("vladhondru25/ExDDV", "dd9ce40608f6bed967ab2dc74f9d1c87eac58fe4", "CC BY-NC-SA 4.0")
_VERIDIQ = Repository("danoneata/veridiq", "dfd1647ec20c020fed5668a6f0bd84d844e49e55", "as its repository says")
_SF = Repository("Eleven4AI/SpeechForensics", "70ff45b801ad47bf6bdc0f6c1131f341e1ff94ee", "as its repository says")
_RF = Repository("ahaliassos/RealForensics", "a53e849407d2fd5be0f0a7eb3df7d1a846b5b803", "as its repository says")
_AUVIRE = Repository("mever-team/auvire", "c59dc1ab9827e78a09ee04b26631901f66a82bf7", "as its repository says")
_AVHUBERT = Repository(
    "facebookresearch/av_hubert", "258fb50e155134eec2c4b49c2ae8de267075fd18", "as its repository says"
)

LISTS = (
    List(
        "auvire/in_the_wild",
        "auvire",
        _AUVIRE,
        "real-world-data/itw_details.csv",
        "5f8e59559237cd471cbf7a6fd68a98117859a0b59df1c0374de669747e6446bc",
        52_809,
    ),
    List(
        "avh_align/av1m/test",
        "av1m",
        _AVH,
        "avh_sup/csv_metadata/av1m/test_labels.csv",
        "f0214390f0eb450ab445ba2c4c9564f2fc3e185a28584cc3b5d58bb344d717af",
        497_596,
    ),
    List(
        "avh_align/av1m/train",
        "av1m",
        _AVH,
        "avh_sup/csv_metadata/av1m/train_labels.csv",
        "ac67d8a370e2968921b66977ffa4a3811b961e28d163175278bef04b07fc45ed",
        2_238_166,
    ),
    List(
        "avh_align/av1m/val",
        "av1m",
        _AVH,
        "avh_sup/csv_metadata/av1m/val_labels.csv",
        "3aaccad3f5c02a7b77f5a7da8da2e68beb49917a3a322badc7c7e900a772d8c9",
        248_557,
    ),
    List(
        "avh_align/unsup/test",
        "av1m",
        _AVH,
        "av1m_metadata/test_metadata.csv",
        "f0214390f0eb450ab445ba2c4c9564f2fc3e185a28584cc3b5d58bb344d717af",
        497_596,
    ),
    List(
        "avh_align/unsup/train",
        "av1m",
        _AVH,
        "av1m_metadata/train_metadata.csv",
        "edaceb02081aa17f384e9a09bf894264828fc4844a21b10a23427782cafbcd51",
        1_845_022,
    ),
    List(
        "avh_align/unsup/val",
        "av1m",
        _AVH,
        "av1m_metadata/val_metadata.csv",
        "bda11a1dad161090113e9e0131503241edbb6dcd36c59823c5c5626805e879e6",
        205_022,
    ),
    List(
        "ssr_dfd/av1m/test",
        "av1m",
        _SSR,
        "linear_probing/csv_metadata/av1m/test_labels.csv",
        "9d8e58f9b2782b4a4dcf61eabc598c9ffa1cf8d9552f54903723fb6f2ceff17d",
        234_778,
    ),
    List(
        "ssr_dfd/av1m/train",
        "av1m",
        _SSR,
        "linear_probing/csv_metadata/av1m/train_labels.csv",
        "075f66f085ef61ee8b250a39fe4202ac5606af409810475e6eb13660d33f3fcc",
        1_048_654,
    ),
    List(
        "ssr_dfd/av1m/val",
        "av1m",
        _SSR,
        "linear_probing/csv_metadata/av1m/val_labels.csv",
        "48ba1553d678482ae7cfb3271fa36f7a43363c15a118d3fb7a76873552dac640",
        115_015,
    ),
    List(
        "ssr_dfd/avlips/test",
        "avlips",
        _SSR,
        "linear_probing/csv_metadata/avlips/test_labels.csv",
        "5c785167734f04f7ae01d6039f66f656137cb584951f4ec9453594fd0abc55d2",
        133_827,
    ),
    List(
        "veridiq/removed_tracks",
        "dfe",
        _VERIDIQ,
        "veridiq/linear_probing/files_to_remove.txt",
        "0b9d2182100d74b9eb0ba611822340b0553c4f74de733a8e42579eded825603b",
        22_520,
    ),
    List(
        "exddv/clicks",
        "exddv",
        _EXDDV,
        "ExDDV.csv",
        "6b223b086b8defd922be8dc0a82aced194624de946d1f5923512732a4b3a0556",
        1_789_871,
        "ExDDV.csv",
    ),
    List(
        "veridiq/ffpp_reals",
        "exddv",
        _VERIDIQ,
        "data/exddv/ExDDV_reals_FF++.csv",
        "437d7d7de52aed2a1a019e1e4ef022dbc0880e1659b13497df50c858ab6ab281",
        79_727,
        "ExDDV_reals_FF++.csv",
    ),
    List(
        "avh_align/favc/test",
        "favc",
        _AVH,
        "avh_sup/csv_metadata/favc/test_split.csv",
        "a3e5ae1a2550b8ddebde3514f18dd1ba0bcc5dfad0c46e22a79266b2452821a8",
        684_042,
    ),
    List(
        "avh_align/favc/train",
        "favc",
        _AVH,
        "avh_sup/csv_metadata/favc/train_split.csv",
        "0ee98b036b88f95cd785ab22a2248e4e1c8975093bc969fdab47f20265ce02cb",
        1_355_482,
    ),
    List(
        "avh_align/favc/val",
        "favc",
        _AVH,
        "avh_sup/csv_metadata/favc/val_split.csv",
        "db88be81068bed2f964eae798d8906e276f4b482365570bc424cb3eeaa3304a5",
        152_490,
    ),
    List(
        "speechforensics/favc",
        "favc",
        _SF,
        "data/datasets/FakeAVCeleb/test_list.txt",
        "6a6ea31fdff38c31b520047a95b8b45ca9ad7684cf4bfe37eb4df99cf237d2cf",
        1_795_965,
    ),
    List(
        "ssr_dfd/favc/test",
        "favc",
        _SSR,
        "linear_probing/csv_metadata/favc/test_labels.csv",
        "f7e61fd1a58b24d1241e086613dcf1a9a16abe067b253d5c71f7b1f87b2492d0",
        313_457,
    ),
    List(
        "ssr_dfd/favc/train",
        "favc",
        _SSR,
        "linear_probing/csv_metadata/favc/train_labels.csv",
        "b716ac2036f4229372d29036499b1725912727013944e8ed3ac773a513d25e7f",
        618_343,
    ),
    List(
        "ssr_dfd/favc/val",
        "favc",
        _SSR,
        "linear_probing/csv_metadata/favc/val_labels.csv",
        "a83bac4df980f45c4ba158dd9b3156f8e570eef4a3107c53fd633d1f963b981d",
        69_364,
    ),
    List(
        "realforensics/test",
        "ffpp",
        _RF,
        "data/Forensics/splits/test.json",
        "886f5a0da623c25820692e0d8dc33d197ddb1db527a7f1cfcb9bcbca60fe4f40",
        2_102,
        "splits/test.json",
    ),
    List(
        "realforensics/train",
        "ffpp",
        _RF,
        "data/Forensics/splits/train.json",
        "e59386911255e6fb0a79a7808ec2210536b8c0474268342694c4bca766d1b347",
        10_802,
        "splits/train.json",
    ),
    List(
        "realforensics/val",
        "ffpp",
        _RF,
        "data/Forensics/splits/val.json",
        "b48cc511f66938e05356aaa9c67e150b1e3638c355db3d745225b0022884b36e",
        2_102,
        "splits/val.json",
    ),
    List(
        "speechforensics/ffpp",
        "ffpp",
        _SF,
        "data/datasets/FaceForensics/test_list.txt",
        "0f71f342c79008e19dbe3bd2081a6e3c009dff7803e82e049fa035f8ad081c89",
        84_999,
    ),
    List(
        "speechforensics/kodf",
        "kodf",
        _SF,
        "data/datasets/KoDF/test_list.txt",
        "47d0bebd5968d1e0fd0b59d65ef2ad613dc870642c3ce0452e3785aa8a7bcc30",
        261_150,
    ),
    List(
        "avhubert/lrs3_valid",
        "lrs3",
        _AVHUBERT,
        "avhubert/preparation/data/lrs3-valid.id",
        "4e24da968352dedfe11dd5bbd3efa77c96dd26e062019acf7a00c9264aab884a",
        32_400,
    ),
    List(
        "avhubert/vox_en",
        "voxceleb2",
        _AVHUBERT,
        "avhubert/preparation/data/vox-en.id.gz",
        "be537900d6341087b1fd06208f8a5a0dbdfe365dde61033b9156f7a2ef461262",
        3_101_791,
    ),
)
"""By data set; `auvire` is AuViRe's list of addresses of videos in the wild, which is no data set here."""
BY_NAME = {one.name: one for one in LISTS}


def of(dataset: str) -> tuple[List, ...]:
    """The lists of a data set."""
    return tuple(one for one in LISTS if one.dataset == dataset)
