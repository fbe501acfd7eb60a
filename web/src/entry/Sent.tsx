// What the service says of a mail that it may have sent.

export function Sent({ what, onBack }: { what: string; onBack: () => void }) {
    return (
        <div data-testid="sent">
            <p role="status">{what.charAt(0).toUpperCase() + what.slice(1)}.</p>
            <button type="button" className="primary" onClick={onBack}>
                Sign in
            </button>
        </div>
    );
}
