/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

class UnusualUseLedgerTest extends UnusualUseLedgerContract {
    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);
    private final MemoryUnusualUseLedger ledger = new MemoryUnusualUseLedger(now::get);

    @Override
    protected UnusualUseLedger ledger() {
        return ledger;
    }

    @Override
    protected void pass(Duration time) {
        now.addAndGet(time.toNanos());
    }
}
