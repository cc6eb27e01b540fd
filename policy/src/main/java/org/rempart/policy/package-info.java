/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */

/**
 * What the checks have in common: networks, domains, the rule that a {@link org.rempart.policy.Decision} rests on, and how
 * a fault is told. The checks are the packages {@code relay}, {@code headers}, {@code submission} and {@code tls}, which
 * know this package and not each other; {@code file} reads them from the policy file, {@code ledger} keeps what is counted
 * for them, {@code trail} tells what was decided. Nothing here knows the server; but for the ledgers, all is immutable.
 */
package org.rempart.policy;
