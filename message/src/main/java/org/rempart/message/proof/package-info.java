/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
/**
 * What proves whom a mail is from: SPF, signatures, DMARC. {@link org.rempart.message.proof.SenderProof} asks, and a {@link
 * org.rempart.message.proof.Proof} is the answer; what follows from it, the policy says.
 */
package org.rempart.message.proof;
