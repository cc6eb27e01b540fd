/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */

/**
 * What is remembered of accounts and addresses: what was submitted, who is held, who failed to log in. The interfaces are
 * where a store that several servers share is put in; the files below {@code var/} are what a single one has.
 */
package org.rempart.policy.ledger;
