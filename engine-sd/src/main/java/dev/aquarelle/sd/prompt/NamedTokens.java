package dev.aquarelle.sd.prompt;

import dev.aquarelle.sd.ModelConfig;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The tokens that fields of {@code tokenizer_config.json} and {@code special_tokens_map.json} name: each by its job, such as
 * {@code pad_token}, and more in {@code additional_special_tokens}, which newer files call {@code extra_special_tokens}. A field holds
 * either a plain text or an object with rules for finding the token.
 *
 * <p>Several fields may name one token, and differ about its rules. Then as in transformers the last of the different forms counts: the
 * usual files of Stable Diffusion 1 give rules for {@code <|endoftext|>} as the end of a prompt, which the plain text that names it as
 * the padding overrules.
 */
final class NamedTokens {
    private static final String BOS = "bos_token";
    private static final String EOS = "eos_token";
    private static final String UNKNOWN = "unk_token";
    private static final String PAD = "pad_token";
    private static final List<String> JOBS =
            List.of(BOS, EOS, UNKNOWN, "sep_token", PAD, "cls_token", "mask_token"); // in the order that decides
    private static final String EXTRA = "extra_special_tokens";
    private static final String ADDITIONAL = "additional_special_tokens";

    private final Map<String, String> byJob = new LinkedHashMap<>();
    private final Set<String> given = new LinkedHashSet<>();
    private final Map<String, AddedToken> tokens = new LinkedHashMap<>();
    private final Set<Form> forms = new HashSet<>();

    /** How a field names a token. */
    private record Form(boolean isText, AddedToken token) {}

    private NamedTokens() {}

    /**
     * Reads the fields.
     *
     * @param map goes before {@code config}
     * @throws dev.aquarelle.sd.ModelException if a field is broken
     */
    static NamedTokens read(ModelConfig config, ModelConfig map) {
        NamedTokens named = new NamedTokens();
        named.readJob(config, map, BOS, "<|startoftext|>");
        String eos = named.readJob(config, map, EOS, "<|endoftext|>");
        for (String job : JOBS.subList(2, JOBS.size())) {
            boolean needed = job.equals(UNKNOWN) || job.equals(PAD);
            if (needed || config.has(job) || map.has(job)) {
                named.readJob(config, map, job, eos);
            }
        }
        for (String field : config.fields()) {
            if (field.endsWith("_token") && !JOBS.contains(field) && config.isText(field)) {
                named.add(config, field, false); // a job of the model's own
            }
        }
        boolean extra = named.readMore(config, config.hasEntries(EXTRA) ? EXTRA : ADDITIONAL, true);
        if (map.hasEntries(EXTRA)) {
            named.readMore(map, EXTRA, true);
        } else if (!extra) {
            named.readMore(map, ADDITIONAL, false); // transformers looks these up too late to know them as given
        }
        return named;
    }

    private String readJob(ModelConfig config, ModelConfig map, String job, String absent) {
        ModelConfig from = map.has(job) ? map : config;
        String content;
        if (from.has(job)) {
            content = add(from, job, from == map).content();
            given.add(content);
        } else {
            content = absent;
            add(new Form(true, new AddedToken(absent, false)));
        }
        byJob.put(job, content);
        return content;
    }

    /** The tokens without a job, if there are any. */
    private boolean readMore(ModelConfig from, String field, boolean asGiven) {
        if (!from.hasEntries(field)) {
            return false;
        }
        ModelConfig entries = from.entries(field);
        for (String entry : entries.fields()) {
            String content = add(entries, entry, true).content();
            if (asGiven) {
                given.add(content);
            }
        }
        return true;
    }

    private AddedToken add(ModelConfig from, String field, boolean special) {
        boolean isText = !from.isObject(field);
        AddedToken token =
                isText ? new AddedToken(from.string(field), false) : AddedToken.of(from.object(field), special);
        if (token.content().isEmpty()) {
            throw from.mismatch(field, "a token");
        }
        add(new Form(isText, token));
        return token;
    }

    private void add(Form form) {
        if (forms.add(form)) {
            tokens.put(form.token.content(), form.token);
        }
    }

    String bos() {
        return job(BOS);
    }

    String eos() {
        return job(EOS);
    }

    String unknown() {
        return job(UNKNOWN);
    }

    String pad() {
        return job(PAD);
    }

    private String job(String name) {
        return byJob.getOrDefault(name, "");
    }

    /** The contents that a field names, those left out that are there by default. */
    Set<String> given() {
        return given;
    }

    /** All, by content, in the order they were named first. */
    Map<String, AddedToken> tokens() {
        return tokens;
    }
}
