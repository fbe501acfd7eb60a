// A part of the page that is loaded when it is opened, and what is said where it could not be.

import { Component, type ReactNode, Suspense } from 'react';

interface LaterProps {
    readonly children: ReactNode;
    readonly fallback?: ReactNode;
}

export class Later extends Component<LaterProps, { isMissing: boolean }> {
    override state = { isMissing: false };

    static getDerivedStateFromError(): { isMissing: boolean } {
        return { isMissing: true };
    }

    override render(): ReactNode {
        if (this.state.isMissing) {
            return (
                <p className="bad loading" role="alert">
                    This part of the page could not be loaded. Reload the page to try again.
                </p>
            );
        }
        return <Suspense fallback={this.props.fallback ?? <p className="loading dim">Loading …</p>}>{this.props.children}</Suspense>;
    }
}
