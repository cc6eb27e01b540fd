/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import javax.net.ssl.SSLException;

/** A domain's MTA-STS policy can't be had or read. */
public final class MtaStsException extends Exception {
    private static final long serialVersionUID = 1L;

    private final TlsResult result;

    /**
     * What was had is no policy.
     *
     * @param message what is wrong, for the administrator
     */
    MtaStsException(String message) {
        super(message);
        this.result = TlsResult.STS_POLICY_INVALID;
    }

    /** Nothing was had. */
    MtaStsException(String message, Throwable cause) {
        super(message, cause);
        this.result = isOfTls(cause) ? TlsResult.STS_WEBPKI_INVALID : TlsResult.STS_POLICY_FETCH_ERROR;
    }

    private static boolean isOfTls(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SSLException) {
                return true;
            }
        }
        return false;
    }

    /** The same in the words of TLS reports. */
    TlsResult result() {
        return result;
    }
}
