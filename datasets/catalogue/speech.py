"""Cards of data sets of real speech, on which encoders and real-only detectors are trained."""

from .card import UNCHECKED, Card

CARDS = (
    Card(
        name="voxceleb2",
        title="VoxCeleb2",
        citation="Chung, Nagrani, Zisserman. VoxCeleb2: deep speaker recognition. Interspeech 2018",
        licence=f"metadata CC BY 4.0 ({UNCHECKED})",
        page="https://www.robots.ox.ac.uk/~vgg/data/voxceleb/vox2.html",
        steps=(f"fill in the form of the page; the videos are withdrawn at times ({UNCHECKED})", "unpack mp4 and aac"),
        holds="1,128,365 utterances of 6,112 people, 2,440 hours",
    ),
    Card(
        name="lrs2",
        title="LRS2-BBC",
        citation="Chung, Senior, Vinyals, Zisserman. Lip reading sentences in the wild. CVPR 2017",
        licence="a signed agreement with the BBC; academic use alone",
        page="https://www.robots.ox.ac.uk/~vgg/data/lip_reading/lrs2.html",
        steps=("sign the BBC's agreement as the page says", "download mvlrs_v1 and the lists beside it"),
        holds="144,000 utterances, 225 hours",
    ),
    Card(
        name="lrs3",
        title="LRS3-TED",
        citation="Afouras, Chung, Zisserman. LRS3-TED: a large-scale dataset. arXiv 1809.00496, 2018",
        licence="the terms of its form",
        page="https://www.robots.ox.ac.uk/~vgg/data/lip_reading/lrs3.html",
        steps=(f"fill in the form of the page; it is withdrawn at times ({UNCHECKED})", "unpack its three parts"),
        holds="152,000 utterances",
    ),
    Card(
        name="avspeech",
        title="AVSpeech",
        citation="Ephrat et al. Looking to listen at the cocktail party. ACM ToG 2018",
        licence="tables open; the videos are YouTube's and their makers'",
        page="https://looking-to-listen.github.io/avspeech/",
        steps=(
            "download avspeech_train.csv and avspeech_test.csv from the page",
            "get the videos that the tables name from YouTube, where they still are",
        ),
        holds="4,700 hours of 290,000 videos when it was made",
        size="1.5 TB, as users report",
        gated=False,
        open_files="the two tables, without a published hash",
    ),
)
