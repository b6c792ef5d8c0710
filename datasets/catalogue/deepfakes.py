"""Cards of deepfake data sets."""

from .card import UNCHECKED, Card

CARDS = (
    Card(
        name="favc",
        title="FakeAVCeleb v1.2",
        citation="Khalid, Tariq, Kim, Woo. FakeAVCeleb: a novel audio-video multimodal deepfake dataset. NeurIPS 2021",
        licence="research, under the terms of the request form",
        page="https://github.com/DASH-Lab/FakeAVCeleb",
        steps=("fill in the request form that the page links to", "run the download script that the answer brings"),
        holds="500 real, 21,044 fake (500 RVFA, 9,709 FVRA, 10,835 FVFA) of 500 people",
        size=f"about 6 GB ({UNCHECKED})",
    ),
    Card(
        name="av1m",
        title="AV-Deepfake1M",
        citation="Cai et al. AV-Deepfake1M: a large-scale LLM-driven audio-visual deepfake dataset. ACM MM 2024",
        licence="the authors' EULA",
        page="https://github.com/ControlNet/AV-Deepfake1M",
        steps=(
            "sign the EULA of the page and send it as the page says",
            "once granted, download ControlNet/AV-Deepfake1M from the Hugging Face hub and unpack it",
        ),
        holds="286,721 real, 860,039 fake of 2,068 people; the labels of the test part are not public",
        size=f"more than 180 GB ({UNCHECKED})",
    ),
    Card(
        name="av1mpp",
        title="AV-Deepfake1M++",
        citation="Cai et al. AV-Deepfake1M++: a large-scale audio-visual deepfake benchmark. arXiv 2507.20579, 2025",
        licence="the EULA of the 2025 challenge",
        page="https://huggingface.co/datasets/ControlNet/AV-Deepfake1M-PlusPlus",
        steps=("ask for access on the page and sign the EULA", "once granted, download the archives and unpack them"),
        holds="about 2 million clips; the labelled public part val has 20,220 real and 57,106 fake",
    ),
    Card(
        name="avlips",
        title="AVLips v1.0",
        citation="Liu et al. Lips are lying: spotting the temporal inconsistency between audio and visual in "
        "lip-syncing deepfakes. NeurIPS 2024",
        licence="none stated",
        page="https://github.com/AaronComo/LipFD",
        steps=(
            "open https://drive.google.com/file/d/1fEiUo22GBSnWD7nfEwDW86Eiza-pOEJm/view with a browser and save the "
            "archive",
            "run `python -m datasets fetch avlips --from FOLDER` with the folder that it was saved in",
        ),
        holds="3,373 real, 4,184 fake in the copy that SSR-DFD lists",
        gated=False,
        open_files="the archive on Google Drive, without a published hash",
    ),
    Card(
        name="dfe",
        title="Deepfake-Eval-2024",
        citation="Chandra et al. Deepfake-Eval-2024: a multi-modal in-the-wild benchmark. arXiv 2503.02857, 2025",
        licence="CC BY-SA 4.0; not to train generators",
        page="https://huggingface.co/datasets/nuriachandra/Deepfake-Eval-2024",
        steps=(
            "ask for access on the page, with evidence of work on detection",
            "once granted, download video-data and the metadata files of 2025-10-29 or later: the first ones marked "
            "960 of 2,036 videos as Unknown",
        ),
        holds="2,036 videos, 45 hours, 88 sites, 52 languages",
    ),
    Card(
        name="kodf",
        title="KoDF",
        citation="Kwon et al. KoDF: a large-scale Korean deepfake detection dataset. ICCV 2021",
        licence="AI Hub's terms: no re-identification, no redistribution; reportedly the data may not leave Korea",
        page="https://www.aihub.or.kr/aihubdata/data/view.do?dataSetSn=55",
        steps=(
            "log in with a Korean account of AI Hub and apply for data set 55",
            "download its parts and unpack them",
        ),
        holds="62,166 real, 175,776 fake of 403 people",
        size="several TB, as users report",
    ),
    Card(
        name="hifi_avdf",
        title="HiFi-AVDF",
        citation="Peng, Wang, Li, Kong, Hong. Leave no stone unturned (HAVIC). CVPR 2026",
        licence="EULA, research only",
        page="https://huggingface.co/datasets/JielunPeng/HiFi-AVDF",
        steps=("accept the EULA on the page", "download the folders and tables of its generators"),
        holds="1,905 real (of AVSpeech), 1,905 fake of six commercial generators",
    ),
    Card(
        name="exddv",
        title="ExDDV",
        citation="Hondru et al. ExDDV: a new dataset for explainable deepfake detection in video. arXiv 2025",
        licence="annotations CC BY-NC-SA 4.0; videos under the terms of FaceForensics++, DeeperForensics-1.0, DFDC and "
        "BioDeepAV",
        page="https://github.com/vladhondru25/ExDDV",
        steps=(
            "run `python -m datasets fetch exddv` for the annotations",
            "apply for FaceForensics++, DeeperForensics-1.0, DFDC and BioDeepAV as the page says",
            "put the videos and ExDDV.csv into one folder as docs/datasets.md shows",
        ),
        holds="4,346 fakes with 21,282 clicks",
    ),
    Card(
        name="ffpp",
        title="FaceForensics++",
        citation="Rössler et al. FaceForensics++: learning to detect manipulated facial images. ICCV 2019",
        licence="EULA, research",
        page="https://github.com/ondyari/FaceForensics",
        steps=("fill in the form that the page links to", "run the download script that the answer brings"),
        holds="1,000 originals, 1,000 fakes for each of 4 to 5 methods; no sound",
    ),
    Card(
        name="lavdf",
        title="LAV-DF",
        citation="Cai, Stefanov, Dhall, Hayat. Do you really mean that? DICTA 2022",
        licence="the authors' terms, not commercial",
        page="https://huggingface.co/datasets/ControlNet/LAV-DF",
        steps=("accept the terms on the page", "download the archives and unpack them"),
        holds="36,431 real, 99,873 fake",
    ),
)
