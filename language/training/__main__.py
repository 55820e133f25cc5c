"""Which weights are shipped: trains all of them anew and records them in their manifests.

    python -m language.training

Minutes on a GPU, hours on two cores, nearly all of it for the risk network (train_risk). It needs the public sets
beside the checkout (risk_corpora, note_corpora). The MiniLM is not trained here: language/weights/minilm records which
one is meant.
"""

from language.training import session_thresholds, train_notes, train_risk

if __name__ == "__main__":
    train_risk.main()
    session_thresholds.main()
    train_notes.main()
