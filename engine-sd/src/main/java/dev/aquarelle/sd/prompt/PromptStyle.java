package dev.aquarelle.sd.prompt;

/** How the text of a prompt is read. */
public enum PromptStyle {
    /** Each character is text, and what is longer than the text encoder takes is cut, as diffusers' pipelines do. */
    PLAIN,
    /** Weights, chunks, editing, alternation, composition and LoRAs by the marks of the web interface of AUTOMATIC1111. */
    WEB_UI
}
