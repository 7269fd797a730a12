"""Small model folders made here: their vectors are of no use, their bookkeeping is."""

from __future__ import annotations

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "good", "bad", "film", "the", "was", ".", "day", "long", "meal"]


def tokenizer_of(folder, words=WORDS):
    import tokenizers
    import transformers

    plain = tokenizers.Tokenizer(tokenizers.models.WordLevel({w: i for i, w in enumerate(words)}, "[UNK]"))
    plain.normalizer = tokenizers.normalizers.Lowercase()
    plain.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    plain.post_processor = tokenizers.processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    marks = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep")}
    transformers.PreTrainedTokenizerFast(tokenizer_object=plain, model_max_length=32, **marks).save_pretrained(folder)


def bert(folder, layers=2, width=8):
    """A BERT of random weights, without a classification head."""
    import torch
    import transformers

    tokenizer_of(folder)
    sizes = {
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": 2,
        "intermediate_size": 2 * width,
        "vocab_size": len(WORDS),
        "max_position_embeddings": 32,
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        transformers.BertModel(transformers.BertConfig(**sizes)).save_pretrained(folder)
    return folder


def distilbert(folder):
    """Another architecture, whose tensors have other names."""
    import torch
    import transformers

    tokenizer_of(folder)
    config = transformers.DistilBertConfig(
        vocab_size=len(WORDS), dim=8, n_layers=2, n_heads=2, hidden_dim=16, max_position_embeddings=32
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        transformers.DistilBertModel(config).save_pretrained(folder)
    return folder


def gpt2(folder):
    """A decoder, which reads a text's class off its last token."""
    import torch
    import transformers

    tokenizer_of(folder)
    config = transformers.GPT2Config(
        vocab_size=len(WORDS),
        n_embd=8,
        n_layer=2,
        n_head=2,
        n_positions=32,
        pad_token_id=0,
        bos_token_id=2,
        eos_token_id=3,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        transformers.GPT2Model(config).save_pretrained(folder)
    return folder
