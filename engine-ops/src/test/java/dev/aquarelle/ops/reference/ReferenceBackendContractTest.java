package dev.aquarelle.ops.reference;

import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.testing.BackendContract;
import dev.aquarelle.ops.testing.TokenContract;

/** The reference agrees with itself; what counts here is what it does as a program. See {@link ReferenceBackendTest} for its numbers. */
class ReferenceBackendContractTest extends BackendContract implements TokenContract {
    @Override
    public Backend backend() {
        return new ReferenceBackend();
    }
}
