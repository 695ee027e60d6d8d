package dev.aquarelle.sd.pipeline;

/** What an engine makes pictures of: a prompt alone, or a picture as well. */
public sealed interface PictureRequest
        permits TextToImage, ImageToImage, Inpaint, Outpaint, InstructEdit, HiresFix, Refined {

    /** The prompt and all settings that every request has. */
    TextToImage text();
}
