/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */

/**
 * The policy: what it says, and what follows from it. {@link org.rempart.policy.PolicyFile} reads it into a
 * {@link org.rempart.policy.Policy}; its parts answer questions about facts with a
 * {@link org.rempart.policy.Decision}, which is a verdict and the rule behind it. Nothing here knows the server, keeps
 * state or does anything; all values are immutable.
 */
package org.rempart.policy;
