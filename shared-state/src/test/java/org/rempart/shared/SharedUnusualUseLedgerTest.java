/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.shared;

import java.time.Duration;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.rempart.policy.ledger.UnusualUseLedger;
import org.rempart.policy.ledger.UnusualUseLedgerContract;

class SharedUnusualUseLedgerTest extends UnusualUseLedgerContract {
    @RegisterExtension
    static final SharedLedgers SHARED = new SharedLedgers();

    private UnusualUseLedger ledger;

    @Override
    protected UnusualUseLedger ledger() {
        if (ledger == null) {
            ledger = new SharedUnusualUseLedger(SHARED.store(), SHARED.home(), SHARED::offset);
        }
        return ledger;
    }

    @Override
    protected void pass(Duration time) {
        SHARED.pass(time);
    }
}
